import { afterAll, beforeAll, expect, it } from 'vitest';
import { cloneChanges, type CloneChanges } from '../../src/restore/rows/clone-changes.ts';
import { createRoom, roomWithin } from '../../src/restore/rows/room.ts';
import { onClone, type CloneDatabase } from '../../src/restore/rows/clone.ts';
import { baseLines } from '../../src/restore/rows/lines.ts';
import { readSchema } from '../../src/transfer/baseline/database.ts';
import { never } from '../support/migrator.ts';
import { startPlayground, type Playground, type SchemaPair } from '../support/transfer.ts';

const ROWS = 3000;
/** All that is escaped in row files, in a text of some length: the table has several spans. */
const TEXT = String.raw`CONCAT('tab\t line\n return\r back\\slash \\N zero\0 quote" é ', seq, REPEAT('longer ', 60))`;

let playground: Playground;
let pair: SchemaPair;
beforeAll(async () => {
  // As the sessions of WordPress are, which take such dates.
  playground = await startPlayground(['--sql-mode=ALLOW_INVALID_DATES']);
  pair = await playground.pair(`
    CREATE TABLE wp_kinds (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, t LONGTEXT, old VARCHAR(600) CHARACTER SET latin1, b BLOB,
      n DECIMAL(10,2), f FLOAT, d DOUBLE, at DATETIME(3), ts TIMESTAMP NULL, day DATE, y YEAR, bits BIT(10), one ENUM('a', 'b''c'), some SET('x', 'y'),
      j JSON, nothing TEXT) CHARSET utf8mb4;
    INSERT INTO wp_kinds SELECT seq * 10, ${TEXT}, ${TEXT}, UNHEX('00090A0D5C0001FF'), seq / 7, seq / 4, seq / 3,
      '2024-02-29 12:00:00.125' + INTERVAL seq SECOND, '2024-02-29 12:00:00', '0000-00-00', 1999, seq % 1024, IF(seq % 2, 'a', 'b''c'), 'x,y',
      '{"a": [1, "\\\\n"]}', NULL FROM seq_1_to_${ROWS};
    UPDATE wp_kinds SET t = REPEAT('very long\\n', 10000) WHERE id = 700;
    CREATE TABLE wp_words (word VARCHAR(20) PRIMARY KEY, n INT) CHARSET utf8mb4;
    INSERT INTO wp_words SELECT CONCAT('w', seq), seq FROM seq_1_to_500;
    CREATE TABLE wp_flat (id INT PRIMARY KEY, t LONGTEXT NOT NULL, u TEXT NULL) CHARSET utf8mb4;
    INSERT INTO wp_flat SELECT seq, CONCAT('t', seq), 'u' FROM seq_1_to_500;
    CREATE TABLE wp_far (id BIGINT PRIMARY KEY, t TEXT);
    INSERT INTO wp_far SELECT seq, REPEAT('x', 600) FROM seq_1_to_2000;
    INSERT INTO wp_far VALUES (9007199254740992, 'a'), (9007199254740993, 'b');`);
  await pair.copy();
  await pair.inTarget('CREATE TABLE kept AS SELECT * FROM wp_kinds');
}, 120_000);
afterAll(() => playground.stop());

/** What the clone changed in a table, and how many of its rows had to be sent for that. */
async function changes(
  name = 'wp_kinds',
  room = roomWithin(1 << 30),
): Promise<CloneChanges & { readonly sent: number }> {
  const { baseline } = pair.site.paths;
  const { tables } = await readSchema(baseline);
  const table = tables.find((each) => each.name === name);
  if (!table) throw new Error(`${name} was not copied`);
  let sent = 0;
  const counting = (database: CloneDatabase): CloneDatabase => ({
    ...database,
    lines: async function* (...asked) {
      for await (const lines of database.lines(...asked)) {
        sent += lines.length;
        yield lines;
      }
    },
  });
  const rewriter = { rows: (block: Buffer) => block };
  const columns = { skip: new Set<number>() };
  const found = await onClone(pair.site.database, never, (database) =>
    cloneChanges(baseline, table, { database: counting(database), rewriter, room }, columns),
  );
  return { ...found, sent };
}

async function baseRows(ids: readonly number[]): Promise<string[]> {
  const { tables } = await readSchema(pair.site.paths.baseline);
  const file = tables.find(({ name }) => name === 'wp_kinds')?.file ?? null;
  const found: string[] = [];
  for await (const lines of baseLines(pair.site.paths.baseline, { file }))
    found.push(...lines.filter((line) => ids.includes(Number(line.split('\t')[0]))));
  return found;
}

/** Rows of one span and of the one that the server cannot tell of, because of its long value: far from all. */
const FEW = ROWS / 2;

it('rows that nobody changed are not sent, whatever their columns hold', async () => {
  const { gone, come, sent } = await changes();
  expect([gone, come]).toEqual([[], []]);
  expect(sent).toBeLessThan(FEW);
  expect(await changes('wp_words')).toMatchObject({ gone: [], come: [] });
});

it.each([
  ['a value of the same length', "UPDATE wp_kinds SET t = REPLACE(t, 'quote', 'quota') WHERE id = 20", [20], [20]],
  ['two values that changed places', "UPDATE wp_kinds SET t = 'b', old = 'a' WHERE id = 30", [30], [30]],
  ['bytes that moved over the end of a field', String.raw`UPDATE wp_kinds SET t = 'a\tb', old = 'c' WHERE id = 40`, [40], [40]],
  ['a NULL that became a backslash and an N', String.raw`UPDATE wp_kinds SET nothing = '\\N' WHERE id = 50`, [50], [50]],
  ['a NULL that became an empty text', "UPDATE wp_kinds SET nothing = '' WHERE id = 60", [60], [60]],
  ['the smallest change of a number', 'UPDATE wp_kinds SET d = d + 1e-12 WHERE id = 70', [70], [70]],
  ['a bit', 'UPDATE wp_kinds SET bits = bits ^ 1 WHERE id = 80', [80], [80]],
  ['a byte inside of a long value', "UPDATE wp_kinds SET t = INSERT(t, 5000, 1, '!') WHERE id = 700", [700], [700]],
  ['a value that became long', "UPDATE wp_kinds SET t = REPEAT('x', 100000) WHERE id = 90", [90], [90]],
  ['a row that was deleted', 'DELETE FROM wp_kinds WHERE id = 15000', [15000], []],
  ['the last row, deleted', `DELETE FROM wp_kinds WHERE id = ${ROWS * 10}`, [ROWS * 10], []],
  ['a row between two others', "INSERT INTO wp_kinds (id, t) VALUES (15005, 'new')", [], [15005]],
  ['a row before all others', "INSERT INTO wp_kinds (id, t) VALUES (1, 'new')", [], [1]],
  ['a row behind all others', "INSERT INTO wp_kinds (id, t) VALUES (99999999, 'new')", [], [99999999]],
  ['a row that was deleted and added again with another value', "DELETE FROM wp_kinds WHERE id = 100; INSERT INTO wp_kinds (id, t) VALUES (100, 'new')", [100], [100]],
  ['a row that got another number', 'UPDATE wp_kinds SET id = 15003 WHERE id = 110', [110], [15003]],
])('finds %s', async (_, sql, gone, come) => {
  try {
    for (const statement of sql.split('; ')) await pair.inTarget(statement);
    const found = await changes();
    const idOf = (line: string): number => Number(line.split('\t')[0]);
    expect([found.gone.map(idOf), found.come.map(({ line }) => idOf(line))]).toEqual([gone, come]);
    expect(found.gone).toEqual(await baseRows(gone));
    expect(found.sent).toBeLessThan(FEW);
  } finally {
    await pair.inTarget('TRUNCATE wp_kinds');
    await pair.inTarget('INSERT INTO wp_kinds SELECT * FROM kept');
  }
}); // prettier-ignore

it.each([
  ['a row that took the next one into its text, which is too long now', String.raw`UPDATE wp_flat SET u = 'u\n8\tt8\tu' WHERE id = 7; UPDATE wp_flat SET u = REPEAT('x', 40000) WHERE id = 8`, [7, 8]],
  ['a NULL that is written like the text', String.raw`UPDATE wp_flat SET u = NULL WHERE id = 9`, [9]],
  ['bytes that moved over the end of a field', String.raw`UPDATE wp_flat SET t = 't10\tu', u = '' WHERE id = 10`, [10]],
  ['what stands for a line that cannot be told', String.raw`UPDATE wp_flat SET t = '\\L' WHERE id = 11`, [11]],
])('finds, where nothing had to be escaped, %s', async (_, sql, ids) => {
  for (const statement of sql.split('; ')) await pair.inTarget(statement);
  const { gone, come } = await changes('wp_flat');
  expect([gone, come.map(({ line }) => line)].map((lines) => lines.map((line) => Number(line.split('\t')[0])))).toEqual([ids, ids]);
  await pair.inTarget("UPDATE wp_flat SET t = CONCAT('t', id), u = 'u'");
}); // prettier-ignore

it('finds changes that the server’s time of the last change does not show', async () => {
  const time = async () =>
    (
      await pair.inTarget(
        "SELECT UPDATE_TIME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'wp_kinds'",
      )
    )[0];
  await pair.inTarget("UPDATE wp_kinds SET t = 'new' WHERE id = 120");
  // It is not kept over a restart.
  await playground.server.restart();
  expect(await time()).toMatchObject({ t: null });
  expect((await changes()).come).toHaveLength(1);
  await pair.inTarget('TRUNCATE wp_kinds');
  await pair.inTarget('INSERT INTO wp_kinds SELECT * FROM kept');
  expect((await changes()).come).toHaveLength(0);
});

it('counts what differs once, where the order of numbers cannot be told to the end', async () => {
  await pair.inTarget("UPDATE wp_far SET t = REPEAT('y', 600) WHERE id <= 500");
  const { gone, come } = await changes('wp_far', createRoom(1_000_000));
  expect([gone.length, come.length]).toEqual([500, 500]);
});

it('finds changes in a table whose rows are in the order of no number', async () => {
  await pair.inTarget("UPDATE wp_words SET n = -1 WHERE word = 'w7'");
  expect(await changes('wp_words')).toMatchObject({ gone: ['w7\t7'], come: [{ line: 'w7\t-1' }] });
});

it('finds changes in a table whose number is none any more', async () => {
  await pair.inTarget('ALTER TABLE wp_kinds MODIFY id VARCHAR(20) NOT NULL');
  await pair.inTarget("UPDATE wp_kinds SET t = 'new' WHERE id = '130'");
  expect((await changes()).come.map(({ line }) => line.split('\t')[0])).toEqual(['130']);
});
