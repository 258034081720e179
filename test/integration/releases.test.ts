import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pullFiles } from '../../src/instance/pull.ts';
import type { FilesResult, InstanceSite } from '../../src/instance/types.ts';
import { instancePaths, localLayout } from '../../src/runtime/local/layout.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { packReleases } from '../../src/transfer/releases/pack.ts';
import { resetFiles } from '../../src/transfer/transfer.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { frame } from '../support/frames.ts';
import { hostileSource } from '../support/hostile-source.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp, run } from '../support/temp.ts';

let source: Source;
let access: SourceAccess;
let info: SiteInfo;
let releases: string;
const version = (): string => info.wordpressVersion;

beforeAll(async () => {
  source = await startSource({ posts: 1 });
  releases = makeTemp('releases');
  const released = makeTemp('released');
  cpSync(source.path, released, { recursive: true });
  await packReleases(released, releases);
  access = await installMigrator(source);
  const client = testClient(access);
  info = await client.info(never);
  await client.close();
});
afterAll(() => source.stop());

async function pull(
  from = releases,
  told: Partial<SiteInfo> = {},
): Promise<FilesResult & { readonly site: InstanceSite }> {
  const site: InstanceSite = {
    paths: instancePaths(localLayout(makeTemp('pull')), 'pulled'),
    database: { user: '', password: '', database: '' },
    releases: from,
  };
  const task = {
    access,
    info: { ...info, ...told },
    cloneUrl: 'http://localhost:8101',
    media: 'copy',
    excludeTables: [],
    excludePaths: [],
    ttlSeconds: 1800,
  } as const;
  const deps = { now: Date.now, sleep: (milliseconds: number) => sleep(milliseconds), randomBytes };
  return { ...(await pullFiles(site, task, deps, instanceContext())), site };
}

/** What differs between source and copy, by content, kind or name; the configuration and our own plugin do not come along. */
const difference = ({ paths }: InstanceSite): Promise<string> =>
  run([
    'bash',
    '-c',
    `diff -r --no-dereference -x wp-config.php -x wpclone-migrator -x upgrade '${source.path}' '${paths.www}' || true`,
  ]);

const core = (...path: string[]): string => join(source.path, ...path);

test('what a source has as it was released does not come from it, and a reset brings it back', async () => {
  const { files, reused, bytes, warnings, site } = await pull();
  expect(warnings).toEqual([]);
  expect(files - reused).toBeLessThan(40);
  expect(bytes).toBeLessThan(2_000_000);
  expect(await difference(site)).toBe('');
  const facts = (path: string) => [statSync(path).mode & 0o777, Math.floor(statSync(path).mtimeMs / 1000)];
  expect(facts(join(site.paths.www, 'wp-load.php'))).toEqual(facts(core('wp-load.php')));

  appendFileSync(join(site.paths.www, 'wp-load.php'), '// changed');
  rmSync(join(site.paths.www, 'wp-admin'), { recursive: true });
  await resetFiles(site, instanceContext());
  expect(await difference(site)).toBe('');
});

test('what a source has otherwise, or lets nobody read, is what the clone gets', async () => {
  const [script, image] = [core('wp-includes/js/wp-util.js'), core('wp-admin/images/align-left.png')];
  const [before, other] = [readFileSync(script), readFileSync(script)];
  // As large as before, so that only its digest tells.
  other[other.length - 2] = 0x20;
  writeFileSync(script, other);
  writeFileSync(core('wp-includes/added.php'), '<?php // added');
  chmodSync(image, 0);
  try {
    const { warnings, site } = await pull();
    expect(warnings.map(({ code }) => code)).toEqual(['FILE_UNREADABLE']);
    expect(readFileSync(join(site.paths.www, 'wp-includes/js/wp-util.js'))).toEqual(other);
    expect(await difference(site)).toBe(`Only in ${core('wp-admin/images')}: align-left.png\n`);
  } finally {
    writeFileSync(script, before);
    chmodSync(image, 0o644);
    rmSync(core('wp-includes/added.php'));
  }
});

test('without a whole release of its version all comes from the source', async () => {
  const torn = makeTemp('torn');
  cpSync(releases, torn, { recursive: true });
  truncateSync(join(torn, `${version()}.pack`), 1_000_000);
  const other = await pull(releases, { wordpressVersion: '6.1.8' });
  const elsewhere = await pull(releases, { wordpressVersion: `../${version()}` });
  const cut = await pull(torn);
  expect([other.reused, elsewhere.reused, cut.reused]).toEqual([0, 0, 0]);
  expect(await difference(cut.site)).toBe('');
});

test('a source that says so of what we do not hold, or of other bytes, is not believed', async () => {
  const request = { root: 'core', path: 'index.php', size: 3 };
  const held = { ...request, held: '0'.repeat(64) };
  const asked = async (size: number, file: typeof request): Promise<string> => {
    const said = [frame('B', { pieces: [{ i: 0, k: [size, 1, 1] }] }), frame('Z', { done: true })];
    const { client } = await hostileSource(() => said);
    const events: string[] = [];
    const read = async () => {
      for await (const { type } of client.files([file], never)) events.push(type);
    };
    return read().then(
      () => events.join(),
      () => 'refused',
    );
  };
  expect([await asked(3, request), await asked(4, held), await asked(3, held)]).toEqual(['refused', 'refused', 'held']);
});
