import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileChange, RestoreChanges } from '../../src/restore/changes.ts';
import { acceptApplied, applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { fileChange, filesBelow, put, restoreFolders, sha256, uploadsOf } from '../support/restore-files.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;
let uploads: string;
let key: WriteKey;
let client: WriteClient;
/** What the clone has. */
let www: string;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
  uploads = uploadsOf(source);
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
});
afterAll(() => source.stop());

beforeEach(async () => {
  // Of a process that was killed; it is in the way for a minute.
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
  for (const name of readdirSync(uploads)) rmSync(join(uploads, name), { recursive: true });
  put(uploads, 'old/a.jpg', 'a as it was');
  put(uploads, 'old/b.jpg', 'b as it was');
  www = makeTemp('restore-files');
  key = await restoreKey(source);
  client = writeClient(access, key);
});
afterEach(async () => {
  await client.finish(never).catch(() => client.accept(never).then(() => client.finish(never)));
  const left = [...restoreFolders(source), ...(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'"))];
  if (left.length > 0) throw new Error(`something is left behind: ${JSON.stringify(left)}`);
});

const ITEMS = ['one', 'two', 'three'].map((id) => ({ id: `upload:${id}`, title: id }));
const stage = (files: readonly FileChange[], tables: RestoreChanges['tables'] = []): Promise<unknown> =>
  stageChanges(client, { ...changesOf(tables, ITEMS), files }, { www, signal: never });
const change = (item: number, path: string, before: string | null, after: string | Buffer | null): FileChange =>
  fileChange(item, path, before, after, www);
const titleChange = async () =>
  keyed('wp_posts', 'ID', {
    updates: [
      {
        item: 0,
        key: { ID: '1' },
        before: pick(await rowOf(source, 'wp_posts', 'ID = 1'), 'post_title'),
        after: { post_title: 'With a picture' },
      },
    ],
  });
const BEFORE = { 'old/a.jpg': 'a as it was', 'old/b.jpg': 'b as it was' };

describe('files of the uploads', () => {
  it('are put in place with the rows, and taken back with them', async () => {
    const title = (await rowOf(source, 'wp_posts', 'ID = 1'))['post_title'];
    chmodSync(join(uploads, 'old/a.jpg'), 0o640);
    const large = randomBytes(1_300_000);
    await stage(
      [
        change(0, 'old/a.jpg', 'a as it was', 'a of the clone'),
        change(1, '2031/05/new ü.jpg', null, large),
        change(1, '2031/05/empty.txt', null, ''),
        change(2, 'old/b.jpg', 'b as it was', null),
      ],
      [await titleChange()],
    );
    expect(filesBelow(uploads)).toEqual(BEFORE);
    const receipt = await applyStaged(client, never);
    expect(receipt.applied).toMatchObject({ rows: { wp_posts: 1 }, files: 4 });
    expect(filesBelow(uploads)).toEqual({
      'old/a.jpg': 'a of the clone',
      '2031/05/new ü.jpg': large.toString('latin1'),
      '2031/05/empty.txt': '',
    });
    expect(statSync(join(uploads, 'old/a.jpg')).mode & 0o777).toBe(0o640);
    const page = await request(`${source.url}/wp-content/uploads/2031/05/new%20%C3%BC.jpg`);
    expect([page.statusCode, sha256(Buffer.from(await page.body.arrayBuffer()))]).toEqual([200, sha256(large)]);
    // What was replaced is no part of a copy of the site.
    const reader = testClient(access);
    const roots = (await reader.info(never)).roots.map(({ id }) => id);
    const entries = [];
    for await (const entry of reader.manifest({ roots, exclude: [] }, never)) entries.push(JSON.stringify(entry));
    expect(entries.join('\n')).toContain('old/a.jpg');
    expect(entries.join('\n')).not.toContain('.wpclone-');
    expect(await applyStaged(client, never)).toMatchObject({ applied: { files: 4 } });
    expect((await undoApplied(client, undefined, never)).state).toBe('undone');
    expect(filesBelow(uploads)).toEqual(BEFORE);
    expect(statSync(join(uploads, 'old/a.jpg')).mode & 0o777).toBe(0o640);
    expect((await rowOf(source, 'wp_posts', 'ID = 1'))['post_title']).toBe(title);
    expect(() => statSync(join(uploads, '2031'))).toThrow('ENOENT');
    client = writeClient(access, await restoreKey(source));
  });

  it('are undone item by item, and only while they are what the restore left', async () => {
    await stage(
      [
        change(0, 'old/a.jpg', 'a as it was', 'a of the clone'),
        change(1, 'new/one.jpg', null, 'one'),
        change(1, 'new/two.jpg', null, 'two'),
        change(2, 'old/b.jpg', 'b as it was', null),
      ],
      [await titleChange()],
    );
    await applyStaged(client, never);
    put(uploads, 'new/two.jpg', 'edited since');
    put(uploads, 'old/b.jpg', 'another since');
    put(uploads, 'new/three.jpg', 'came since');
    const some = await undoApplied(client, ['upload:two', 'upload:three'], never);
    expect(some.kept.map(({ item, why }) => [item, why])).toEqual([
      ['upload:two', 'changed'],
      ['upload:three', 'taken'],
    ]);
    await source.query("UPDATE wp_posts SET post_title = 'Since' WHERE ID = 1");
    // The row of the same item was changed: its picture stays too.
    expect((await undoApplied(client, ['upload:one'], never)).kept.map(({ item }) => item)).toEqual(['upload:one']);
    expect(filesBelow(uploads)['old/a.jpg']).toBe('a of the clone');
    await source.query("UPDATE wp_posts SET post_title = 'With a picture' WHERE ID = 1");
    expect(await undoApplied(client, ['upload:one'], never)).toMatchObject({ state: 'partly', kept: [] });
    await acceptApplied(client, never);
    expect(filesBelow(uploads)).toEqual({
      'old/a.jpg': 'a as it was',
      'old/b.jpg': 'another since',
      'new/one.jpg': 'one',
      'new/two.jpg': 'edited since',
      'new/three.jpg': 'came since',
    });
    client = writeClient(access, await restoreKey(source));
  });

  it('stay as they are when one of them or a row changed since the plan was made', async () => {
    const drifted = async (work: Promise<unknown>): Promise<unknown> => (await failureOf(work)).code;
    const files = [change(0, 'old/a.jpg', 'a as it was', 'mine'), change(1, 'new/one.jpg', null, 'one')];
    expect(await drifted(stage([change(0, 'old/a.jpg', 'another', 'mine')]))).toBe('DRIFT');
    await stage(files, [await titleChange()]);
    put(uploads, 'new/one.jpg', 'theirs');
    expect(await drifted(applyStaged(client, never))).toBe('DRIFT');
    rmSync(join(uploads, 'new'), { recursive: true });
    put(uploads, 'old/a.jpg', 'theirs');
    expect(await drifted(applyStaged(client, never))).toBe('DRIFT');
    put(uploads, 'old/a.jpg', 'a as it was');
    await source.query("UPDATE wp_posts SET post_title = 'Theirs' WHERE ID = 1");
    expect(await drifted(applyStaged(client, never))).toBe('DRIFT');
    expect(filesBelow(uploads)).toEqual(BEFORE);
  });

  it('are taken back when the rows cannot be written at the last moment', async () => {
    await source.query(
      "CREATE TRIGGER refuses BEFORE UPDATE ON wp_posts FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'",
    );
    try {
      await stage(
        [change(0, 'old/a.jpg', 'a as it was', 'mine'), change(1, 'new/one.jpg', null, 'one')],
        [await titleChange()],
      );
      await failureOf(applyStaged(client, never));
      expect(filesBelow(uploads)).toEqual(BEFORE);
      expect((await client.status(false, never)).state).toBe('sealed');
    } finally {
      await source.query('DROP TRIGGER refuses');
    }
  });
});

describe('a restore with files that is cut off', () => {
  it('is as before or done, and goes on from there', async () => {
    const files = [
      change(0, 'old/a.jpg', 'a as it was', 'a of the clone'),
      change(0, 'new/folder/one.jpg', null, 'one'),
      change(1, 'old/b.jpg', 'b as it was', null),
    ];
    const title = async (): Promise<unknown> => (await rowOf(source, 'wp_posts', 'ID = 1'))['post_title'];
    const seen = async () => ({ ...filesBelow(uploads), title: await title() });
    await stage(files, [await titleChange()]);
    const before = await seen();
    const after = { 'old/a.jpg': 'a of the clone', 'new/folder/one.jpg': 'one', title: 'With a picture' };
    const ends = new Set<string>();
    const run = async (operation: 'apply' | 'undo', from: string, to: string, [first, last]: [object, object]) => {
      for (let at = 5; ; at += 8) {
        const cut = at % 3 === 0 ? 'database' : 'kill';
        const wasCut = await cutOff(source, key.restore, operation, at, cut);
        const { state } = await client.status(false, never);
        ends.add(`${operation} ${state}`);
        expect({ at, cut, state, ...(await seen()) }).toEqual({ at, cut, state, ...(state === to ? last : first) });
        expect([from, to]).toContain(state);
        if (state === to) return;
        expect(wasCut).toBe(true);
      }
    };
    await run('apply', 'sealed', 'applied', [before, after]);
    await run('undo', 'applied', 'undone', [after, before]);
    expect([...ends]).toEqual(['apply sealed', 'apply applied', 'undo applied', 'undo undone']);
  });

  it('is mended when the plugin leaves, also when nobody asks about it any more', async () => {
    await stage([change(0, 'old/a.jpg', 'a as it was', 'a of the clone'), change(1, 'new/one.jpg', null, 'one')]);
    expect(await cutOff(source, key.restore, 'apply', '`receipt` =')).toBe(true);
    expect(Object.keys(filesBelow(uploads))).toContain('new/one.jpg');
    expect(await source.query('SELECT state, pending FROM wp_wpclone_restores')).toMatchObject([{ state: 'sealed' }]);
    await source.php(
      "require_once ABSPATH . 'wp-admin/includes/plugin.php'; deactivate_plugins( 'wpclone-migrator/wpclone-migrator.php' );",
    );
    expect(filesBelow(uploads)).toEqual(BEFORE);
    expect(restoreFolders(source)).toEqual([]);
    access = await installMigrator(source);
    client = writeClient(access, await restoreKey(source));
  });
});

describe('what the site refuses by itself, whatever is sent', () => {
  it('is code, what is hidden, what leads elsewhere, and what is ours', async () => {
    symlinkSync(source.content, join(uploads, 'linked'));
    writeFileSync(join(uploads, 'target.jpg'), 'x');
    symlinkSync(join(uploads, 'target.jpg'), join(uploads, 'link.jpg'));
    mkdirSync(join(uploads, 'folder.jpg'));
    const names = [
      'a.php', 'a.PHP5', 'a.php.jpg', 'a.phtml', 'x/a.phar', 'a.php.', 'a.php ', '.htaccess', 'x/.user.ini', '.hidden/a.jpg',
      '../a.jpg', 'x/../../a.jpg', './a.jpg', 'x//a.jpg', '/a.jpg', 'a\\b.jpg', 'a\0.jpg', 'a:b.jpg', 'wp-config.txt', 'php.ini',
      'web.config', 'wpclone-migrator/a.jpg', 'linked/a.jpg', 'linked/uploads/a.jpg', 'link.jpg', 'folder.jpg', 'old/a.jpg/b.jpg',
      'a'.repeat(800), '',
    ]; // prettier-ignore
    await client.begin({ tables: [], files: { count: 1, bytes: 1 }, recounts: NO_RECOUNTS }, never);
    for (const path of names) {
      const failure = await failureOf(client.stage(listed(path), never));
      expect([path, failure.code]).toEqual([path, 'FILES_STAY']);
    }
    put(www, 'x', 'x');
    const good = { item: 0, path: 'x.jpg', place: 'x', before: null, after: sha256('x'), size: 1 };
    // A link that comes while the restore is under way is not followed either.
    await stage([{ ...good, path: 'late/x.jpg' }]);
    symlinkSync(source.content, join(uploads, 'late'));
    expect((await failureOf(applyStaged(client, never))).code).toBe('FILES_STAY');
    rmSync(join(uploads, 'late'));
    expect((await failureOf(stage([good, { ...good, path: 'y.jpg', after: sha256('y') }]))).code).toBe('PLAN_OUTDATED');
    expect(Object.keys(filesBelow(source.content)).filter((path) => /(^|\/)[xy]\.jpg$/.test(path))).toEqual([]);
  });

  it('is a file that was not listed, is larger or another than was said, or comes after the seal', async () => {
    const [one] = [change(0, 'one.jpg', null, 'one')];
    await stage([one]);
    expect((await failureOf(client.files([[1, 0, bytes('two')]], never))).code).toBe('SOURCE_CHANGED');
    await client.begin({ tables: [], files: { count: 1, bytes: 3 }, recounts: NO_RECOUNTS }, never);
    expect((await failureOf(client.files([[1, 0, bytes('one')]], never))).code).toBe('SOURCE_FAILED');
    await client.stage(listed('one.jpg', 'one'), never);
    for (const [offset, text] of [
      [0, 'more'],
      [1, 'ne'],
      [-1, 'one'],
    ] as const)
      expect((await failureOf(client.files([[1, offset, bytes(text)]], never))).code).toBe('SOURCE_FAILED');
    expect((await failureOf(client.files([[1, 0, bytes('two')]], never))).code).toBe('SOURCE_CHANGED');
    expect((await failureOf(client.seal({ counts: [], digests: [], files: sha256('') }, never))).code).toBe(
      'SOURCE_CHANGED',
    );
  });

  it('is uploads that PHP may not write to, named before anything is written', async () => {
    chmodSync(uploads, 0o555);
    try {
      expect((await failureOf(stage([change(0, 'new.jpg', null, 'new')]))).code).toBe('RESTORE_IMPOSSIBLE');
      expect((await testClient(access).info(never)).writes?.uploads).toBe(false);
    } finally {
      chmodSync(uploads, 0o755);
    }
    chmodSync(join(uploads, 'old'), 0o555);
    try {
      const failure = await failureOf(stage([change(0, 'old/a.jpg', 'a as it was', 'mine')]));
      expect([failure.code, failure.message]).toEqual(['FILES_STAY', expect.stringContaining('old/a.jpg')]);
    } finally {
      chmodSync(join(uploads, 'old'), 0o755);
    }
  });
});

const bytes = (text: string): string => Buffer.from(text).toString('base64');

/** The first part of a stage, with a list of one new file. */
function listed(path: string, holds = 'x'): { part: number; sha256: string; content: string } {
  const files = [[1, 0, bytes(path), null, sha256(holds), holds.length]];
  const content = JSON.stringify({ items: [[0, bytes('upload:one'), bytes('one')]], rows: [], files });
  return { part: 1, sha256: sha256(content), content };
}

const NO_RECOUNTS = { terms: [], comments: [], rewriteRules: false };
