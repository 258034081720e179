import { chmodSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sealsOf, stageParts } from '../../src/restore/write/parts.ts';
import { stagedRows } from '../../src/restore/write/staged.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import { toWpcloneError } from '../../src/shared/errors.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import { make } from '../support/additions.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { changesOf, keyed, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { fileChange, filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;
/** Somebody else, who holds rows for a while. */
let other: Connection;
beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
  const { socket, name } = source.database;
  other = await mysql.createConnection({ socketPath: socket, user: 'root', database: name });
});
afterAll(async () => {
  await other.end();
  await source.stop();
});

/** Long enough for a request to come as far as it can; short of the second in which a transaction gives up. */
const MOMENT = 400;
const titleOf = async (id: number): Promise<unknown> => (await rowOf(source, 'wp_posts', `ID = ${id}`))['post_title'];
const own = () => source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'");
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => toWpcloneError(error).code,
  );

/** A new title for each of some posts. */
const titles = async (...ids: number[]) =>
  changesOf([
    keyed('wp_posts', 'ID', {
      updates: await Promise.all(
        ids.map(async (id) => {
          const before = { post_title: String(await titleOf(id)) };
          return { item: 0, key: { ID: String(id) }, before, after: { post_title: `Ours ${id}` } };
        }),
      ),
    }),
  ]);

/** Holds what the statement locks while the works begin, one after the other; how each of them ends. */
async function whileHeld(lock: string, ...works: (() => Promise<unknown>)[]): Promise<string[]> {
  await other.query('START TRANSACTION');
  await other.query(lock);
  const begun: Promise<string>[] = [];
  for (const work of works) {
    begun.push(outcome(work()));
    await delay(MOMENT / works.length);
  }
  await other.query('ROLLBACK');
  return Promise.all(begun);
}

it('WordPress does not begin to update anything by itself while a restore is written, and may when it is', async () => {
  const create = `require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php'; echo 'lock ' . var_export( WP_Upgrader::create_lock( 'auto_updater' ), true );`;
  const client = writeClient(access, await restoreKey(source));
  await stageChanges(client, await titles(1), { signal: never });
  const locks = () => source.query("SELECT option_name FROM wp_options WHERE option_name LIKE '%updater.lock'");
  await other.query('START TRANSACTION');
  await other.query('SELECT ID FROM wp_posts WHERE ID = 1 FOR UPDATE');
  const applied = client.apply(never);
  await expect.poll(locks).toHaveLength(2);
  const during = await source.php(create);
  await other.query('ROLLBACK');
  await applied;
  expect(during).toContain('lock false');
  expect(await locks()).toEqual([]);
  expect(await source.php(create)).toContain('lock true');
  // One that WordPress still respects, of updates that were cut off half an hour ago, is in nobody's way and stays.
  await source.query(
    "UPDATE wp_options SET option_value = option_value - 1800 WHERE option_name = 'auto_updater.lock'",
  );
  await undoApplied(client, undefined, never);
  expect(await locks()).toEqual([{ option_name: 'auto_updater.lock' }]);
  await source.query("DELETE FROM wp_options WHERE option_name = 'auto_updater.lock'");
});

it('a restore that is given up while it is being applied is not written, and nothing of it is left', async () => {
  const key = await restoreKey(source);
  const before = await titleOf(1);
  await stageChanges(writeClient(access, key), await titles(1), { signal: never });
  const [applied, finished] = await whileHeld(
    'SELECT ID FROM wp_posts WHERE ID = 1 FOR UPDATE',
    () => writeClient(access, key, { sleep: () => Promise.reject(new Error('once')) }).apply(never),
    () => writeClient(access, key).finish(never),
  );
  expect([applied === 'done', finished]).toEqual([false, 'done']);
  expect(await titleOf(1)).toBe(before);
  expect(await own()).toEqual([]);
});

it('files that are being put in place are back in theirs before a restore that is given up takes its folder away', async () => {
  const [uploads, www] = [uploadsOf(source), makeTemp('restore-races')];
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  put(uploads, 'old/a.jpg', 'a as it was');
  const key = await restoreKey(source);
  const before = [filesBelow(uploads), await titleOf(1)];
  const files = [fileChange(0, 'old/a.jpg', 'a as it was', 'mine', www), fileChange(0, 'new.jpg', null, 'new', www)];
  await stageChanges(writeClient(access, key), { ...(await titles(1)), files }, { signal: never, www });
  const holding = async (lock: string): Promise<() => Promise<void>> => {
    const { socket, name } = source.database;
    const holder = await mysql.createConnection({ socketPath: socket, user: 'root', database: name });
    await holder.query('START TRANSACTION');
    await holder.query(lock);
    return () => holder.end();
  };
  // One that applies waits for its turn; one that gives it up has read what it knows of the restore, and stays at its first write.
  const turn = await holding(`SELECT n FROM wp_wpclone_${key.restore.replace('-', '')}_p WHERE n = 0 FOR UPDATE`);
  const applied = outcome(writeClient(access, key, { sleep: () => Promise.reject(new Error('once')) }).apply(never));
  await delay(MOMENT);
  await source.query(
    "UPDATE wp_options SET option_value = UNIX_TIMESTAMP() + 600 WHERE option_name = 'wpclone_migrator_until'",
  );
  const option = await holding(
    "SELECT option_id FROM wp_options WHERE option_name = 'wpclone_migrator_until' FOR UPDATE",
  );
  const finished = outcome(writeClient(access, key).finish(never));
  await delay(MOMENT);
  const row = await holding('SELECT ID FROM wp_posts WHERE ID = 1 FOR UPDATE');
  await turn();
  while (!('new.jpg' in filesBelow(uploads))) await delay(20);
  await option();
  await delay(MOMENT);
  await row();
  expect([(await applied) === 'done', await finished]).toEqual([false, 'done']);
  expect([filesBelow(uploads), await titleOf(1)]).toEqual(before);
  expect([await own(), restoreFolders(source)]).toEqual([[], []]);
});

it.each(['a part, then the seal', 'the seal, then a part'])(
  'what is sealed is what was checked: of %s that come at once, one is refused',
  async (order) => {
    const key = await restoreKey(source);
    const both = await titles(1, 2);
    const staged = stagedRows(both);
    const parts = [...stageParts(staged, both, 1)].map(({ part }) => part);
    const late = parts.pop();
    if (late === undefined) throw new Error('no part');
    const client = writeClient(access, key);
    await client.begin(staged.shape, never);
    for (const part of parts) await client.stage(part, never);
    const seals = sealsOf(stagedRows(await titles(1)), []);
    const works = [
      () => writeClient(access, key).stage(late, never),
      () => writeClient(access, key).seal(seals, never),
    ];
    const lock = `SELECT n FROM wp_wpclone_${key.restore.replace('-', '')}_p WHERE n = 0 FOR UPDATE`;
    const ends = await whileHeld(lock, ...(order.startsWith('a part') ? works : works.toReversed()));
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    const { state } = await client.status(false, never);
    const { n } = (
      await source.query(`SELECT COUNT(*) AS n FROM wp_wpclone_${key.restore.replace('-', '')}_b0`)
    )[0] ?? { n: 0 };
    expect([state, Number(n)]).toEqual(state === 'sealed' ? ['sealed', 1] : ['begun', 2]);
    await client.finish(never);
  },
);

/** A restore of files, each of its own item: what the site has, and what the clone has. */
async function stageFiles(
  files: Readonly<Record<string, readonly [string | null, string | null]>>,
  there: () => void = () => undefined,
) {
  const [uploads, www] = [uploadsOf(source), makeTemp('restore-races')];
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  const list = Object.entries(files);
  for (const [path, [before]] of list) if (before !== null) put(uploads, path, before);
  there();
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  const items = list.map(([path]) => ({ id: `upload:${path}`, title: path }));
  const changes = list.map(([path, [before, after]], at) => fileChange(at, path, before, after, www));
  await stageChanges(client, { ...changesOf([], items), files: changes }, { www, signal: never });
  return { client, key, uploads, folder: join(uploads, restoreFolders(source)[0] ?? '') };
}

it('a file is not taken for put in place when somebody has cleared away what was staged of it', async () => {
  const { client, uploads, folder } = await stageFiles({
    'old/b.jpg': ['b as it was', 'mine'],
    'one.jpg': [null, 'one'],
  });
  const before = filesBelow(uploads);
  const refused = async (): Promise<void> => {
    expect((await failureOf(applyStaged(client, never))).code).toBe('SOURCE_CHANGED');
    expect((await client.status(false, never)).state).toBe('sealed');
    expect(filesBelow(uploads)).toEqual(before);
  };
  writeFileSync(join(folder, 'n1'), 'm');
  await refused();
  writeFileSync(join(folder, 'n1'), 'mine');
  rmSync(join(folder, 'n2'));
  await refused();
  await client.finish(never);
});

it('nothing is lost of what a file replaced where the host does not let that be put back, and it is as soon as the host does', async () => {
  const { client, key, uploads } = await stageFiles({ 'old/d.jpg': ['d as it was', 'mine'] });
  const moved = (): boolean => filesBelow(uploads)['old/d.jpg'] === 'mine';
  for (let at = 30; !moved(); at += 1) await cutOff(source, key.restore, 'apply', at);
  chmodSync(join(uploads, 'old'), 0o555);
  expect((await failureOf(client.finish(never))).code).toBe('FILES_STAY');
  chmodSync(join(uploads, 'old'), 0o755);
  expect((await client.status(false, never)).state).toBe('sealed');
  expect(filesBelow(uploads)['old/d.jpg']).toBe('d as it was');
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
  await client.finish(never);
});

it('what others have put in the place of a file keeps nothing else from being undone', async () => {
  const { client, uploads } = await stageFiles({
    'old/c.jpg': ['c as it was', 'mine'],
    'since/two.jpg': [null, 'two'],
    'three.jpg': [null, 'three'],
  });
  await applyStaged(client, never);
  rmSync(join(uploads, 'three.jpg'));
  put(uploads, 'three.jpg/inside.jpg', 'theirs');
  rmSync(join(uploads, 'since'), { recursive: true });
  symlinkSync(join(uploads, 'three.jpg'), join(uploads, 'since'));
  const undone = await undoApplied(client, undefined, never);
  expect(undone.kept.map(({ item, why }) => [item, why])).toEqual([
    ['upload:since/two.jpg', 'changed'],
    ['upload:three.jpg', 'changed'],
  ]);
  expect(filesBelow(uploads)).toMatchObject({ 'old/c.jpg': 'c as it was', 'three.jpg/inside.jpg': 'theirs' });
  await client.accept(never);
  await client.finish(never);
});

it('a restore ends also where its folder was cleared in the middle, and says which files cannot be put back', async () => {
  const { client, key, uploads, folder } = await stageFiles({ 'old/e.jpg': ['e as it was', 'mine'], 'e.jpg': [null, 'e'] }); // prettier-ignore
  const moved = (): boolean => filesBelow(uploads)['old/e.jpg'] === 'mine';
  for (let at = 30; !moved(); at += 1) await cutOff(source, key.restore, 'apply', at);
  rmSync(folder, { recursive: true });
  const status = await client.status(false, never);
  expect([status.state, status.lost]).toEqual(['sealed', expect.arrayContaining(['uploads/old/e.jpg'])]);
  expect((await client.status(false, never)).state).toBe('sealed');
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'");
  await client.finish(never);
  expect(await own()).toEqual([]);
});

it('a file that was changed just now is read once more before it is replaced: times are whole seconds', async () => {
  const file = join(uploadsOf(source), 'young.jpg');
  // As if it were written at this very moment, however long the test takes.
  const later = Math.floor(Date.now() / 1000) + 3600;
  const { client, uploads } = await stageFiles({ 'young.jpg': ['a as it was', 'mine'] }, () =>
    utimesSync(file, later, later),
  );
  const [table] = await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%f'");
  expect(await source.query(`SELECT facts FROM ${String(Object.values(table ?? {})[0])}`)).toEqual([{ facts: '' }]);
  writeFileSync(file, 'a as it IS.');
  utimesSync(file, later, later);
  expect((await failureOf(applyStaged(client, never))).code).toBe('DRIFT');
  expect(filesBelow(uploads)['young.jpg']).toBe('a as it IS.');
  await client.finish(never);
});

it('what the site wrote into a table that was taken away, and not put back by whoever died, is put back by who ends the restore', async () => {
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  const rows = keyed('wp_cut_new', 'id', { inserts: [{ item: 0, row: { id: '1' } }] });
  const { columns: [number], ...table } = make; // prettier-ignore
  const schema = [{ ...table, columns: number === undefined ? [] : [number] }];
  await stageChanges(client, { ...changesOf([rows]), schema }, { signal: never });
  await applyStaged(client, never);
  const prefix = `wp_wpclone_${key.restore.replace('-', '')}_`;
  // As an undo leaves it that dies between the two renamings, and an acceptance whose first answer was lost.
  await source.query(`RENAME TABLE wp_cut_new TO ${prefix}m0`);
  await source.query(`UPDATE ${prefix}u SET undone = 1`);
  await source.query("UPDATE wp_wpclone_restores SET state = 'accepted'");
  await client.accept(never);
  expect(await source.query('SELECT id FROM wp_cut_new')).toEqual([{ id: 1 }]);
  await client.finish(never);
  await source.query('DROP TABLE wp_cut_new');
});
