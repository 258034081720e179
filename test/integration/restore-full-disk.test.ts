import { execFileSync } from 'node:child_process';
import { chownSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { RestoreChanges } from '../../src/restore/changes.ts';
import { toWpcloneError } from '../../src/shared/errors.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { makeRestorable } from '../support/restorable.ts';
import { fileChange, filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { changesOf, keyed, restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp, run } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

/** Bytes of the small disks. */
const UPLOADS = 4 << 20;
const DATABASE = 48 << 20;
/** Rows of a table, and bytes of what is written into each. */
const NOTES = 4000;
const WORDS = 3000;
/** Files and folders that fit on the disk of the uploads. */
const NAMES = 200;

function mayMount(): boolean {
  const place = makeTemp('mount');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  }
}

/** Puts what is in a folder on a small disk of its own. */
async function onSmallDisk(folder: string, options: string): Promise<void> {
  const { uid, gid, mode } = statSync(folder);
  const aside = join(makeTemp('aside'), 'content');
  await run(['cp', '-a', folder, aside]);
  const owner = `uid=${uid},gid=${gid},mode=${(mode & 0o7777).toString(8)}`;
  await run(['mount', '-t', 'tmpfs', '-o', `${options},${owner}`, 'tmpfs', folder]);
  await run(['cp', '-a', `${aside}/.`, folder]);
}

/** Takes all the room of a disk but so many bytes; gives it back. */
function fill(disk: string, left = 0): () => void {
  const file = join(disk, '.filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - left)));
  return () => rmSync(file);
}

/** Takes all names of a disk; gives them back. */
function useUpNames(disk: string): () => void {
  const made: string[] = [];
  const { uid, gid } = statSync(disk);
  for (;;) {
    const file = join(disk, `.name-${made.length}`);
    try {
      writeFileSync(file, '');
    } catch {
      return () => made.forEach((each) => rmSync(each));
    }
    chownSync(file, uid, gid);
    made.push(file);
  }
}

describe.skipIf(!mayMount())('a disk without room (skipped where this user may mount nothing)', () => {
  let mariadb: Mariadb;
  let source: Source;
  let access: SourceAccess;
  let uploads: string;
  let schema: string;
  let www: string;

  beforeAll(async () => {
    // What was committed is to be there also when it dies.
    mariadb = await startMariadb({ settings: ['--innodb-flush-log-at-trx-commit=1'] });
    source = await startSource({ mariadb });
    await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
    await source.query('CREATE TABLE wp_notes (id INT PRIMARY KEY, words TEXT NOT NULL)');
    await source.query(`INSERT INTO wp_notes SELECT seq, '' FROM seq_1_to_${NOTES}`);
    access = await installMigrator(source);
    www = makeTemp('restore-full-disk');
    uploads = uploadsOf(source);
    await onSmallDisk(uploads, `size=${UPLOADS},nr_inodes=${NAMES}`);
    schema = join(mariadb.folder, 'data', source.database.name);
    await mariadb.kill();
    await onSmallDisk(schema, `size=${DATABASE}`);
    await mariadb.restart();
  });
  afterAll(async () => {
    for (const disk of [uploads, schema]) await run(['umount', '-l', disk]);
    await source.stop();
    await mariadb.stop();
  });

  /** Neither a table nor a folder of ours, and everything as it was. */
  async function nothingLeft(client: WriteClient, before: unknown): Promise<void> {
    await client.finish(never);
    expect(restoreFolders(source)).toEqual([]);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
    expect(await state()).toEqual(before);
  }

  const state = async () => ({
    files: filesBelow(uploads),
    notes: await source.query('SELECT COUNT(*) AS n, SUM(CRC32(words) * id) AS words FROM wp_notes'),
  });

  const picture = (path: string, bytes: number): RestoreChanges => ({
    ...changesOf([], [{ id: `upload:${path}`, title: path }]),
    files: [fileChange(0, path, null, Buffer.alloc(bytes, 'x'), www)],
  });

  /** New words for so many notes. Of what lies outside of a table's pages MariaDB dies on a full disk, instead of saying so. */
  function words(notes: number): RestoreChanges {
    const updates = Array.from({ length: notes }, (_, at) => ({
      item: 0,
      key: { id: String(at + 1) },
      before: { words: '' },
      after: { words: 'x'.repeat(WORDS) },
    }));
    return changesOf([keyed('wp_notes', 'id', { updates })], [{ id: 'table:notes', title: 'Notes' }]);
  }

  const fresh = async (): Promise<WriteClient> => writeClient(access, await restoreKey(source));

  it('is told of by the plan, and nothing is brought there', async () => {
    const site = await makeRestorable(source);
    try {
      put(join(site.www, 'wp-content/uploads'), '2031/01/large.bin', Buffer.alloc(UPLOADS + 1000, 'x'));
      const before = await state();
      const plan = await site.plan();
      expect(plan.notes.join(' ')).toMatch(/room/i);
      expect((await failureOf(site.apply(plan))).code).toBe('RESTORE_IMPOSSIBLE');
      expect(await state()).toEqual(before);
    } finally {
      await site.close();
    }
  });

  it('that comes about while files are brought is named, and what was brought goes', async () => {
    const before = await state();
    const client = await fresh();
    let empty: (() => void) | undefined;
    const files: WriteClient['files'] = (pieces, signal) => {
      empty ??= fill(uploads, 100_000);
      return client.files(pieces, signal);
    };
    const failure = await failureOf(
      stageChanges({ ...client, files }, picture('new/a.jpg', 1 << 20), { www, signal: never }),
    );
    expect([failure.code, failure.message]).toEqual(['RESTORE_IMPOSSIBLE', expect.stringContaining('disk is full')]);
    empty?.();
    await nothingLeft(client, before);
  });

  it('is in nobody’s way once everything is there: files take their places, and go back', async () => {
    const before = await state();
    const client = await fresh();
    await stageChanges(client, picture('b.jpg', 1 << 20), { www, signal: never });
    const empty = fill(uploads);
    expect((await applyStaged(client, never)).state).toBe('applied');
    expect(filesBelow(uploads)['b.jpg']).toHaveLength(1 << 20);
    expect((await undoApplied(client, undefined, never)).state).toBe('undone');
    empty();
    expect(await state()).toEqual(before);
  });

  it('that takes no more names leaves all as it was', async () => {
    const before = await state();
    const client = await fresh();
    await stageChanges(client, picture('folder/c.jpg', 1000), { www, signal: never });
    const empty = useUpNames(uploads);
    const failure = await failureOf(applyStaged(client, never));
    expect([failure.code, failure.message]).toEqual(['FILES_STAY', expect.stringContaining('folder/c.jpg')]);
    empty();
    await nothingLeft(client, before);
  });

  /** MariaDB says so, or dies of it: it cannot take back what it wrote without room for that. */
  const FULL = ['RESTORE_IMPOSSIBLE', 'SOURCE_DATABASE_DOWN'];

  it('of the database leaves all as it was, while rows are brought, written or taken back, and the next attempt does it', async () => {
    const before = await state();
    expect(before.notes).toMatchObject([{ n: NOTES }]);
    const barred = await fresh();
    const empty = fill(schema, 4 << 20);
    const failure = await failureOf(stageChanges(barred, words(NOTES), { www, signal: never }));
    expect(FULL).toContain(failure.code);
    expect(failure.message).toMatch(failure.code === 'RESTORE_IMPOSSIBLE' ? /disk is full/ : /its own database/);
    empty();
    await mariadb.restart();
    await nothingLeft(barred, before);

    const client = await fresh();
    await stageChanges(client, words(NOTES / 4), { www, signal: never });
    const emptied = fill(schema);
    expect(FULL).toContain((await failureOf(applyStaged(client, never))).code);
    emptied();
    await mariadb.restart();
    expect(await state()).toEqual(before);
    expect((await applyStaged(client, never)).state).toBe('applied');
    const applied = await state();
    expect(applied).not.toEqual(before);
    const full = fill(schema);
    const undone = await undoApplied(client, undefined, never).then(
      ({ state: said }) => said,
      (error: unknown) => toWpcloneError(error).code,
    );
    full();
    await mariadb.restart();
    expect(['undone', ...FULL]).toContain(undone);
    // What was not answered may have been done.
    expect(undone === 'undone' ? [before] : [before, applied]).toContainEqual(await state());
    if (undone !== 'undone') await undoApplied(client, undefined, never);
    expect(await state()).toEqual(before);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
  });
});
