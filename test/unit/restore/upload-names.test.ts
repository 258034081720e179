import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isSafeUpload, RUNNABLE_FILE, UNSAFE_NAME } from '../../../src/restore/code/upload-names.ts';

const PHP = readFileSync(
  join(import.meta.dirname, '../../../templates/migrator/includes/write/upload-paths.php'),
  'utf8',
);

/** A pattern of the site, as PHP's single quotes hold it. */
const pattern = (name: string): string =>
  (new RegExp(`^const ${name} = '/(.*)/i';$`, 'm').exec(PHP)?.[1] ?? '').replaceAll('\\\\', '\\');

it('keeps back the same uploads as the site itself refuses', () => {
  expect(pattern('RUNNABLE_FILE')).toBe(RUNNABLE_FILE.source);
  expect(pattern('UNSAFE_NAME').replace('[\\x00-\\x1f\\x7f\\\\:]', '')).toBe(
    UNSAFE_NAME.source.replace('[\\x00-\\x1f\\x7f\\\\:]', ''),
  );
});

it('takes what people upload, and nothing that a server runs or hides', () => {
  for (const path of ['2031/05/photo.jpg', 'photo.scaled.jpg', 'Ünï 5.pdf', 'elementor/css/post-12.css', 'a.svg'])
    expect([path, isSafeUpload(path)]).toEqual([path, true]);
  for (const path of ['a.php', 'a.pHp7.jpg', '.a/b.jpg', 'a/../b.jpg', '', 'a/', 'a.jpg.', 'wp-config.bak', 'x.phar'])
    expect([path, isSafeUpload(path)]).toEqual([path, false]);
});
