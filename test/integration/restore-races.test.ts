import { setTimeout as delay } from 'node:timers/promises';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sealsOf, stageParts } from '../../src/restore/write/parts.ts';
import { stagedRows } from '../../src/restore/write/staged.ts';
import { stageChanges } from '../../src/restore/write/write.ts';
import { toWpcloneError } from '../../src/shared/errors.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { changesOf, keyed, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

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
