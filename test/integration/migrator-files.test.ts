import { hash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManifestEntry } from '../../src/site/client-types.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { collectFiles, installMigrator, never, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

let source: Source;
let client: TestClient;
let info: SiteInfo;
let outside: string;
const folder = (...path: string[]): string => join(source.content, 'uploads/odd', ...path);
const FROM_ROOT = 'wp-content/uploads/odd';
const NAMES = [
  'colon:file.txt',
  'what?.txt',
  'quo"te.txt',
  '🖖 emoji.txt',
  'new\nline.txt',
  'back\\slash.txt',
  '-dash',
  ' space ',
  '0',
  'ü.txt',
];

/** As in releases of a site that share some files: what may come along, and what may not. */
const SHARED = {
  '.htaccess': 'Redirect /a /b',
  'robots.txt': 'User-agent: *',
  'acme.php': '<?php // shared',
  '.env': 'PASSWORD=x',
  'config.php': "<?php return 'x';",
  dump: "<?php\ndefine( 'DB_PASSWORD', 'y' );\n$table_prefix = 'wp_';",
};
const LINKED = {
  '.htaccess': '.htaccess',
  'robots.txt': 'robots.txt',
  'wp-content/mu-plugins/acme.php': 'acme.php',
  'ads.txt': '.env',
  'settings.php': 'config.php',
  'humans.txt': 'dump',
  'wp-content/uploads/robots.txt': 'robots.txt',
};

beforeAll(async () => {
  source = await startSource();
  outside = makeTemp('outside');
  chmodSync(outside, 0o755);
  mkdirSync(folder('deep/er'), { recursive: true });
  for (const name of NAMES) writeFileSync(folder(name), `body of ${name}`);
  writeFileSync(Buffer.concat([Buffer.from(folder('bad-')), Buffer.from([0xff, 0xfe])]), 'x');
  writeFileSync(folder('empty'), '');
  writeFileSync(folder('deep/er/big.bin'), randomBytes(5_000_000));
  writeFileSync(folder('locked'), 'x');
  chmodSync(folder('locked'), 0);
  mkdirSync(folder('locked-folder'));
  writeFileSync(folder('locked-folder/x'), 'x');
  chmodSync(folder('locked-folder'), 0);
  execFileSync('mkfifo', [folder('pipe')]);
  symlinkSync('deep/er/big.bin', folder('link-inside'));
  symlinkSync(folder('deep'), folder('link-absolute'));
  symlinkSync('/etc', folder('link-outside'));
  symlinkSync('nowhere', folder('link-dangling'));
  symlinkSync('link-b', folder('link-a'));
  symlinkSync('link-a', folder('link-b'));
  symlinkSync('..', folder('deep/up'));
  mkdirSync(join(outside, 'linked-plugin'));
  writeFileSync(join(outside, 'linked-plugin/linked.php'), '<?php // linked');
  symlinkSync(join(outside, 'linked-plugin'), join(source.content, 'plugins/linked-plugin'));
  for (const [name, body] of Object.entries(SHARED)) writeFileSync(join(outside, name), body);
  for (const [link, name] of Object.entries(LINKED)) symlinkSync(join(outside, name), join(source.path, link));
  client = testClient(await installMigrator(source));
  info = await client.info(never);
});
afterAll(async () => {
  await client.close();
  await source.stop();
  rmSync(outside, { recursive: true, force: true });
});

async function list(exclude: readonly string[] = [], roots = info.roots.map(({ id }) => id)): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for await (const batch of client.manifest({ roots, exclude }, never)) entries.push(...batch);
  return entries;
}

const below = (entries: readonly ManifestEntry[]): ManifestEntry[] =>
  entries
    .filter(({ path }) => path.startsWith(`${FROM_ROOT}/`))
    .map((entry) => ({ ...entry, path: entry.path.slice(FROM_ROOT.length + 1) }));

describe('the list of files', () => {
  it('has every folder before what is in it, once, and the root first', async () => {
    const entries = await list();
    const seen = new Set<string>();
    for (const { root, path } of entries) {
      const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      expect(path === '' || seen.has(`${root}:${parent}`)).toBe(true);
      expect(seen.has(`${root}:${path}`)).toBe(false);
      seen.add(`${root}:${path}`);
    }
    expect(entries[0]).toMatchObject({ root: 'core', path: '', kind: 'directory' });
  });

  it('has odd names as they are', async () => {
    const entries = below(await list());
    for (const name of NAMES)
      expect(entries.find(({ path }) => path === name)).toMatchObject({
        kind: 'file',
        size: Buffer.byteLength(`body of ${name}`),
      });
  });

  it('says of each thing that cannot be copied why', async () => {
    const reasons = Object.fromEntries(below(await list()).map(({ path, reason }) => [path, reason]));
    expect(reasons).toMatchObject({
      locked: 'unreadable',
      'locked-folder': 'unreadable',
      pipe: 'special',
      'link-outside': 'outside',
      'link-dangling': 'nowhere',
      'link-a': 'loop',
      'deep/up': 'loop',
    });
  });

  it('has links inside the root with a relative target', async () => {
    const links = below(await list()).filter(({ kind }) => kind === 'symlink');
    expect(Object.fromEntries(links.map(({ path, target }) => [path, target]))).toEqual({
      'link-inside': 'deep/er/big.bin',
      'link-absolute': 'deep',
    });
  });

  it('has a plugin that is linked in from elsewhere as a root of its own', async () => {
    const root = info.roots.find(({ id }) => id.startsWith('link-'));
    expect(root).toMatchObject({ path: join(outside, 'linked-plugin'), place: 'wp-content/plugins/linked-plugin' });
    const entries = await list();
    expect(entries).toContainEqual(expect.objectContaining({ root: root?.id, path: 'linked.php', kind: 'file' }));
    expect(entries.find(({ path }) => path === 'wp-content/plugins/linked-plugin')).toBeUndefined();
  });

  it('has single files that releases share, of which nothing is a secret, as the files that they are', async () => {
    const entries = (await list()).filter(({ root, path }) => root === 'core' && path in LINKED);
    expect(Object.fromEntries(entries.map(({ path, kind, size }) => [path, kind === 'file' ? size : kind]))).toEqual({
      '.htaccess': 14,
      'robots.txt': 13,
      'wp-content/mu-plugins/acme.php': 15,
      'ads.txt': 'refused',
      'settings.php': 'refused',
      'humans.txt': 'refused',
      'wp-content/uploads/robots.txt': 'refused',
    });
    const wanted = Object.keys(LINKED).map((path) => ({ root: 'core', path, size: 0 }));
    const got = await collectFiles(client.files(wanted, never));
    const came = [...got].filter(([, { failed }]) => failed === undefined);
    expect(Object.fromEntries(came.map(([path, { body }]) => [path, body.toString()]))).toEqual({
      '.htaccess': SHARED['.htaccess'],
      'robots.txt': SHARED['robots.txt'],
      'wp-content/mu-plugins/acme.php': SHARED['acme.php'],
    });
  });

  it('leaves out what is excluded, with all below it', async () => {
    const all = (await list([], ['core'])).map(({ path }) => path);
    const some = (await list(['wp-content/uploads', '**/*.css', 'wp-admin/images/*.png'], ['core'])).map(
      ({ path }) => path,
    );
    const expected = all.filter(
      (path) =>
        path !== 'wp-content/uploads' &&
        !path.startsWith('wp-content/uploads/') &&
        !path.endsWith('.css') &&
        !/^wp-admin\/images\/[^/]+\.png$/.test(path),
    );
    expect(some).toEqual(expected);
    expect(expected.length).toBeLessThan(all.length);
  });

  it('names the exclusions that left something out', async () => {
    const fits: number[] = [];
    const exclude = ['no/such/**', 'wp-content/uploads', '**/*.cs', '**/*.css', 'wp-content/uploads/**'];
    const wanted = { roots: ['core'], exclude, fits: (numbers: readonly number[]) => void fits.push(...numbers) };
    for await (const batch of client.manifest(wanted, never)) expect(batch).toBeDefined();
    expect(new Set(fits)).toEqual(new Set([1, 3]));
  });
});

describe('bodies of files', () => {
  it('arrive as they are, whatever the name, with their digest', async () => {
    const files = below(await list()).filter(({ kind }) => kind === 'file');
    const got = await collectFiles(
      client.files(
        files.map((file) => ({ root: 'core', path: `${FROM_ROOT}/${file.path}`, size: file.size })),
        never,
      ),
    );
    for (const { path, size } of files) {
      const { body, sha256 } = got.get(`${FROM_ROOT}/${path}`) ?? { body: Buffer.alloc(0) };
      expect({ path, size: body.length, sha256 }).toEqual({ path, size, sha256: hash('sha256', body, 'hex') });
    }
    // Two bytes that are no UTF-8.
    expect(got.get(`${FROM_ROOT}/bad-\udcff\udcfe`)?.body.toString()).toBe('x');
    expect(got.get(`${FROM_ROOT}/${NAMES[3]}`)?.body.toString()).toBe(`body of ${NAMES[3]}`);
    expect(files.length).toBe(NAMES.length + 3);
  });

  it('are missing with a reason when they are gone or locked, and do not hang at a pipe', async () => {
    const paths = ['gone', 'locked', 'pipe', 'empty'];
    const got = await collectFiles(
      client.files(
        paths.map((path) => ({ root: 'core', path: `${FROM_ROOT}/${path}`, size: 0 })),
        never,
      ),
    );
    expect(paths.map((path) => got.get(`${FROM_ROOT}/${path}`)?.failed)).toEqual([
      'gone',
      'unreadable',
      'gone',
      undefined,
    ]);
  });

  it('begin again when the file changes while it is read, and are never a mixture', async () => {
    const path = folder('growing.bin');
    const size = 60_000_000;
    writeFileSync(path, Buffer.alloc(size, 1));
    let received = 0;
    let starts = 0;
    let end: number | undefined;
    for await (const event of client.files([{ root: 'core', path: `${FROM_ROOT}/growing.bin`, size }], never)) {
      if (event.type === 'start') [received, starts] = [0, starts + 1];
      if (event.type === 'data') received += event.data.length;
      if (event.type === 'data' && starts === 1) appendFileSync(path, 'more');
      if (event.type === 'end') end = event.size;
    }
    expect(starts).toBeGreaterThan(1);
    expect(end).toBe(received);
    expect(end).toBeGreaterThan(size);
  });

  it('are given up when a file changes each time it is read', async () => {
    const path = folder('busy.bin');
    writeFileSync(path, Buffer.alloc(60_000_000, 1));
    const events: string[] = [];
    for await (const event of client.files([{ root: 'core', path: `${FROM_ROOT}/busy.bin`, size: 1 }], never)) {
      if (event.type === 'data') appendFileSync(path, 'more');
      else events.push(event.type === 'failed' ? event.reason : event.type);
    }
    expect(events).toEqual(['start', 'start', 'start', 'changing']);
  });
});
