import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NewColumn, NewKey, TableChanges } from '../../src/restore/changes.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { changesOf, definitionsOf, keyed, restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
}, 180_000);
afterAll(() => source.stop());

const wide = (name: string, type: string, more: Partial<NewColumn> = {}): NewColumn => ({
  name,
  type,
  collation: null,
  nullable: true,
  fallback: 'none',
  stamped: false,
  counts: false,
  ...more,
});

/** Whose stage was refused. */
let last: WriteClient | undefined;

async function staged(
  wider: readonly NewColumn[],
  rows: readonly TableChanges[] = [],
  keys: readonly NewKey[] = [],
): Promise<WriteClient> {
  // One that is refused keeps its key; it is given up for the next one.
  await last?.finish(never);
  const client = writeClient(access, await restoreKey(source));
  last = client;
  const schema = [{ item: 0, table: 'wp_room', kind: 'extend' as const, columns: [], keys, wider }];
  const changes = { ...changesOf(rows, [{ id: 'plugin:room', title: 'Room' }]), schema };
  await stageChanges(client, changes, { signal: never });
  last = undefined;
  return client;
}
const made = async (sql: string): Promise<void> => {
  await source.query('DROP TABLE IF EXISTS wp_room');
  await source.query(`CREATE TABLE wp_room ${sql} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`);
};

it.each([
  ['blanks that a shorter text would lose', '', 'TINYTEXT', 'text', "CONCAT(REPEAT('a', 250), REPEAT(' ', 20))"],
  ['blanks at the end', '', 'CHAR(10)', 'varchar(20)', "'ab  '"],
  ['a table that has grown too large to be written anew', ', big LONGTEXT', 'VARCHAR(100)', 'varchar(200)', null],
  ['a foreign key that came since', ', KEY a (a)', 'INT', 'bigint(20)', null],
])('room stays that cannot be taken back, and undo comes to its end: %s', async (why, more, from, to, value) => {
  await made(`(id INT NOT NULL PRIMARY KEY, a ${from}${more})`);
  await source.query('INSERT INTO wp_room (id, a) VALUES (1, 1)');
  const client = await staged([wide('a', to)]);
  await applyStaged(client, never);
  if (value !== null) await source.query(`UPDATE wp_room SET a = ${value}`);
  else if (why.includes('foreign')) {
    await source.query('CREATE TABLE wp_room_of (id BIGINT NOT NULL PRIMARY KEY) ENGINE=InnoDB');
    await source.query('INSERT INTO wp_room_of VALUES (1)');
    await source.query('ALTER TABLE wp_room ADD CONSTRAINT room FOREIGN KEY (a) REFERENCES wp_room_of (id)');
  } else {
    await source.query("INSERT INTO wp_room SELECT seq, 'a', REPEAT('x', 1000000) FROM seq_2_to_37");
    await source.query('ANALYZE TABLE wp_room');
  }
  const digest = () => source.query('SELECT COUNT(*) AS n, MD5(GROUP_CONCAT(HEX(a) ORDER BY id)) AS a FROM wp_room');
  const before = await digest();
  expect(await undoApplied(client, undefined, never)).toMatchObject({
    state: 'undone',
    kept: [expect.objectContaining({ table: 'wp_room', why: 'holds' })],
  });
  expect(await digest()).toEqual(before);
  expect((await definitionsOf(source))['wp_room']).toContain(`\`a\` ${to}`);
});

it('a key stays that a foreign key has come to need', async () => {
  await made('(id INT NOT NULL PRIMARY KEY, a INT)');
  const client = await staged([], [], [{ kind: 'plain', name: 'a', parts: [{ column: 'a', length: null }] }]);
  await applyStaged(client, never);
  await source.query('CREATE TABLE wp_room_by (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB');
  await source.query('ALTER TABLE wp_room ADD CONSTRAINT room_by FOREIGN KEY (a) REFERENCES wp_room_by (id)');
  expect(await undoApplied(client, undefined, never)).toMatchObject({ state: 'undone', kept: [{ table: 'wp_room' }] });
  expect((await definitionsOf(source))['wp_room']).toContain('KEY `a`');
});

it('a set keeps the order of its list, by which its values are written', async () => {
  await made("(id INT NOT NULL PRIMARY KEY, s SET('a','b'))");
  expect((await failureOf(staged([wide('s', "set('b','a','c')")]))).code).toBe('SOURCE_FAILED');
  const client = await staged([wide('s', "set('a','c','b')")]);
  await client.finish(never);
});

it('a list whose values are written otherwise is another list', async () => {
  await made("(id INT NOT NULL PRIMARY KEY, e ENUM('a','X'))");
  expect((await failureOf(staged([wide('e', "enum('a','x','y')")]))).code).toBe('SOURCE_FAILED');
  const client = await staged([wide('e', "enum('a','y','X')")]);
  await client.finish(never);
});

it('rows are found whose keys come to be collated otherwise', async () => {
  await made(
    '(k VARCHAR(20) NOT NULL PRIMARY KEY, u VARCHAR(20) CHARACTER SET utf8mb3, v VARCHAR(20), UNIQUE KEY u (u(5)))',
  );
  await source.query("INSERT INTO wp_room VALUES ('a', 'a', 'a'), ('b', 'b', 'b'), ('d', 'd', 'd')");
  const state = async () => [(await definitionsOf(source))['wp_room'], await source.query('SELECT * FROM wp_room')];
  const before = await state();
  const to = { collation: 'utf8mb4_unicode_520_ci' };
  const rows = keyed('wp_room', 'k', {
    updates: [{ item: 0, key: { k: 'b' }, before: { v: 'b' }, after: { v: 'bb' } }],
    inserts: [{ item: 0, row: { k: 'c', u: 'c', v: 'c' } }],
    deletes: [{ item: 0, row: { k: 'd', u: 'd', v: 'd' } }],
  });
  const wider = [
    wide('k', 'varchar(20)', { ...to, nullable: false }),
    wide('u', 'varchar(20)', to),
    wide('v', 'varchar(40)', to),
  ];
  const client = await staged(wider, [rows]);
  await applyStaged(client, never);
  expect(await source.query('SELECT k, v FROM wp_room ORDER BY k')).toEqual([
    { k: 'a', v: 'a' },
    { k: 'b', v: 'bb' },
    { k: 'c', v: 'c' },
  ]);
  expect(await undoApplied(client, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
  expect(await state()).toEqual(before);
});
