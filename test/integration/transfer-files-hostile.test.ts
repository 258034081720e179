import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FileEvent, FileRequest, ManifestEntry } from '../../src/site/client-types.ts';
import { makeFileSite, type FileSite } from '../support/file-site.ts';
import { makeTemp } from '../support/temp.ts';

async function fileSite(): Promise<FileSite> {
  const made = await makeFileSite('true');
  onTestFinished(() => made.remove());
  return made;
}

/** A client whose list and bodies are made up: what a hostile site could say. */
function hostile(entries: readonly Partial<ManifestEntry>[]) {
  const base = { root: 'core', kind: 'file', size: 4, mtime: 1, ctime: 1, mode: 0o644 } as const;
  return {
    async *manifest() {
      yield entries.map((entry) => ({ ...base, path: '', ...entry }));
    },
    async *files(files: readonly { root: string; path: string; size: number }[]): AsyncGenerator<FileEvent> {
      for (const file of files) {
        yield { type: 'start', file };
        yield { type: 'data', data: Buffer.from('evil') };
        yield { type: 'end', size: 4, mtime: 1, ctime: 1, sha256: 'x'.repeat(64) };
      }
    },
  };
}

test('nothing a site says is written outside of the clone', async () => {
  const site = await fileSite();
  const outside = makeTemp('outside');
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
  const { warnings, files } = await site.copy(1, {
    client: hostile([
      { path: '../escape.php' },
      { path: 'a/../../escape.php' },
      { path: '/etc/escape.php' },
      { path: 'a//b' },
      { path: 'a/./b' },
      { path: 'nul\0.php' },
      { path: 'back\\slash' },
      { path: 'x'.repeat(300) },
      { root: 'unknown', path: 'f' },
      { path: 'link', kind: 'symlink', target: outside },
      { path: 'link', kind: 'file' },
      { path: 'up', kind: 'symlink', target: '../../..' },
      { path: 'down', kind: 'symlink', target: 'd/e' },
      { path: 'down/f.php' },
      { path: 'd/e/here', kind: 'symlink', target: '../..' },
      { path: 'sneaky', kind: 'symlink', target: 'd/e/here/../x' },
      { path: 'ok.php' },
      { path: 'ok.php' },
      { path: 'dir', kind: 'directory', mode: 0 },
      { path: 'dir' },
      { path: 'fifo', kind: 'refused', reason: 'special' },
      { path: 'gone', kind: 'refused', reason: 'unreadable' },
    ]),
  });
  const { www } = site.site(1).paths;
  expect(readdirSync(outside)).toEqual([]);
  expect(readdirSync(join(www, '..')).toSorted()).toEqual(['baseline', 'www']);
  expect(lstatSync(join(www, 'link')).isFile()).toBe(true);
  expect(lstatSync(join(www, 'down')).isDirectory()).toBe(true);
  expect(readlinkSync(join(www, 'sneaky'))).toBe('d/e/x');
  expect(statSync(join(www, 'dir')).mode & 0o777).toBe(0o700);
  expect(files).toBeGreaterThan(0);
  const codes = Object.groupBy(warnings, ({ code }) => code);
  expect(codes['SYMLINK_OUTSIDE']).toHaveLength(2);
  expect(codes['FILE_UNREADABLE']).toHaveLength(1);
  expect(codes['FILE_NAME_REFUSED']?.length).toBeGreaterThan(8);
  expect(JSON.stringify(warnings)).not.toContain('\\u0000.php"');
});

test('warnings are bounded however many there are', async () => {
  const site = await fileSite();
  const entries = Array.from(
    { length: 5000 },
    (_, index) => ({ path: `f${index}`, kind: 'refused', reason: 'unreadable' }) as const,
  );
  const { warnings } = await site.copy(1, { client: hostile(entries) });
  expect(warnings).toHaveLength(21);
  expect(warnings.at(-1)?.message).toContain('4980 more');
});

const file = (path: string): FileRequest => ({ root: 'core', path, size: 4 });

/** What a site sends whose files change while they are read. */
async function* unsteady(): AsyncGenerator<FileEvent> {
  const end = { type: 'end', size: 4, mtime: 1, ctime: 1, sha256: 'x' } as const;
  yield { type: 'start', file: file('gone.php') };
  yield { type: 'failed', reason: 'gone' };
  yield { type: 'start', file: file('again.php') };
  yield { type: 'data', data: Buffer.alloc(3_000_000, 'a') };
  yield { type: 'start', file: file('again.php') };
  yield { type: 'data', data: Buffer.from('good') };
  yield end;
  yield { type: 'start', file: file('busy.php') };
  yield { type: 'data', data: Buffer.alloc(1_500_000, 'b') };
  yield { type: 'failed', reason: 'changing' };
  yield { type: 'start', file: file('last.php') };
  yield { type: 'data', data: Buffer.from('last') };
  yield { ...end, sha256: 'y' };
}

test('a file that goes away or changes too fast is left out with a warning; one that is sent again is whole', async () => {
  const site = await fileSite();
  const list = ['gone.php', 'again.php', 'busy.php', 'last.php'].map((path) => ({ path }));
  const { warnings } = await site.copy(1, { client: { ...hostile(list), files: unsteady } });
  expect(warnings.map(({ code }) => code)).toEqual(['FILE_CHANGED', 'FILE_CHANGED']);
  expect(readdirSync(site.site(1).paths.www).toSorted()).toEqual(['again.php', 'last.php']);
  expect(readFileSync(join(site.site(1).paths.www, 'again.php'), 'utf8')).toBe('good');
  const [pack = ''] = readdirSync(join(site.site(1).paths.baseline, 'files/packs'));
  expect(readFileSync(join(site.site(1).paths.baseline, 'files/packs', pack), 'utf8')).toBe('goodlast');
});

test('a path that could not be removed any more is refused, however it is made up; so is no real one', async () => {
  const site = await fileSite();
  const real = `wp-content/plugins/${'node_modules/package-with-a-name/'.repeat(15)}index.js`;
  const { warnings, files } = await site.copy(1, {
    client: hostile([
      { path: real },
      { path: `${'d/'.repeat(150)}f` },
      { path: `${`${'d'.repeat(200)}/`.repeat(6)}f` },
      { path: `${'e'.repeat(200)}/`.repeat(6).slice(0, -1), kind: 'directory' },
    ]),
  });
  expect(files).toBe(1);
  expect(warnings.map(({ code }) => code)).toEqual(['FILE_NAME_REFUSED', 'FILE_NAME_REFUSED', 'FILE_NAME_REFUSED']);
});

test.each([1e300, -1e300, 8.64e15, -1])('a file may be as old or as new as the site likes: %d', async (mtime) => {
  const site = await fileSite();
  const made = hostile([{ path: 'old.txt' }]);
  const { files, warnings } = await site.copy(1, {
    client: {
      ...made,
      async *files(asked: readonly FileRequest[]): AsyncGenerator<FileEvent> {
        for await (const event of made.files(asked)) yield event.type === 'end' ? { ...event, mtime } : event;
      },
    },
  });
  expect([files, warnings]).toEqual([1, []]);
  expect(statSync(join(site.site(1).paths.www, 'old.txt')).mtimeMs).toBeGreaterThanOrEqual(0);
});
