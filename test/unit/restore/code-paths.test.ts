import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeHindrance } from '../../../src/restore/code/code-hindrance.ts';
import { codePath, isSafeCode, UNSAFE_CODE_NAME } from '../../../src/restore/code/code-paths.ts';
import { siteInfoSchema } from '../../../src/site/info.ts';
import { siteInfo } from '../../support/site-info.ts';
import { packageOf } from '../../../src/restore/code/packages.ts';

const PHP = readFileSync(
  join(import.meta.dirname, '../../../templates/migrator/includes/write/code-paths.php'),
  'utf8',
);
const PLACES = {
  core: '',
  content: 'wp-content',
  plugins: 'wp-content/plugins',
  muPlugins: 'wp-content/mu-plugins',
  uploads: 'wp-content/uploads',
};

it('keeps back the same code as the site itself refuses', () => {
  const pattern = /^const UNSAFE_CODE_NAME = '\/(.*)\/i';$/m.exec(PHP)?.[1]?.replaceAll('\\\\', '\\') ?? '';
  const without = (text: string): string => text.replace('[\\x00-\\x1f\\x7f\\\\:]', '');
  expect(without(pattern)).toBe(without(UNSAFE_CODE_NAME.source));
});

it('takes what plugins are made of, and nothing that is hidden, holds settings or is our own', () => {
  for (const path of [
    'forms/forms.php',
    'a.php',
    'forms/class-wp-config-writer.php',
    'forms/wp-configurator.php',
    'Ü/x y.js',
  ])
    expect([path, isSafeCode(path)]).toEqual([path, true]);
  for (const path of [
    '.git/x',
    'a/.env',
    'a/wp-config.php',
    'a/../b.php',
    '',
    'a//b',
    'a/php.ini',
    'wpclone-migrator/a.php',
  ])
    expect([path, isSafeCode(path)]).toEqual([path, false]);
});

it('what is hidden among code is no part of its package', () => {
  expect(packageOf('wp-content/plugins/forms/.git/hooks/x', PLACES)).toMatchObject({
    kind: 'fixed',
    name: 'wp-content/plugins/forms/.git',
  });
  expect(packageOf('wp-content/plugins/forms/a.php', PLACES)).toMatchObject({ kind: 'plugin', name: 'forms' });
  expect(codePath('wp-content/themes/child/style.css', PLACES)).toBe('themes:child/style.css');
  expect(codePath('wp-content/uploads/a.php', PLACES)).toBeUndefined();
});

it('says why a package cannot be written to a host', () => {
  const which = packageOf('wp-content/plugins/forms/a.php', PLACES);
  const code = { closed: {}, stuck: [] as string[] };
  const why = (writes: Partial<typeof code>, place = 'wp-content/plugins/forms/a.php'): string | undefined =>
    codeHindrance(which, [{ place }], {
      writes: { uploads: true, free: null, code: { ...code, ...writes } },
      places: PLACES,
    });
  expect(why({})).toBeUndefined();
  expect(why({ closed: { plugins: 'file_mods' } })).toContain('DISALLOW_FILE_MODS');
  expect(why({ closed: { themes: 'file_mods' } })).toBeUndefined();
  expect(why({ stuck: [Buffer.from('plugins:forms').toString('base64')] })).toContain('link');
  expect(why({}, 'wp-content/plugins/forms/a\\b.php')).toContain('never written');
  const old = { writes: { uploads: true, free: null }, places: PLACES };
  expect(codeHindrance(which, [], old)).toContain('too old');
});

it('what a site says of its code means the same to a pod, which reads it again', () => {
  const code = { closed: { themes: 'read_only' }, stuck: [Buffer.from('plugins:forms').toString('base64')] };
  const once = siteInfoSchema.parse(siteInfo({ writes: { uploads: true, free: null, code } }));
  expect(once.writes?.code).toEqual(code);
  expect(siteInfoSchema.parse(JSON.parse(JSON.stringify(once))).writes).toEqual(once.writes);
});
