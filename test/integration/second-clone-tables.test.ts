import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaselineSchema } from '../../src/transfer/baseline/database.ts';
import type { EarlierClone } from '../../src/transfer/types.ts';
import { clonesOf, type CloneOptions, type MadeClone } from '../support/clones-of-source.ts';
import { installMigrator, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

const HERE = 'http://127.0.0.1:8105';
const LINK = "CONCAT('@HOME@/page-', seq, ' and \\'@HOME@\\\\\\\\n', IF(seq % 3000 = 9, '@PATH@', ''))";
const TABLES = [
  'CREATE TABLE wp_large (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(40), k INT, t TEXT, UNIQUE KEY slug (slug), KEY k (k))',
  `INSERT INTO wp_large SELECT seq, CONCAT('s', seq), seq % 9, CONCAT(${LINK}, REPEAT('xä€', 60)) FROM seq_1_to_14000`,
  'CREATE TABLE wp_pair (g INT NOT NULL, id INT NOT NULL, t TEXT, PRIMARY KEY (g,id), KEY id (id))',
  "INSERT INTO wp_pair SELECT ELT(seq % 3 + 1, -1, 0, 1), seq, REPEAT('x', 330) FROM seq_1_to_16000",
  'CREATE TABLE wp_names (n VARCHAR(60) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY, v TEXT)',
  `INSERT INTO wp_names SELECT CONCAT('n', seq), CONCAT(${LINK}, REPEAT('y', 330)) FROM seq_1_to_12000`,
];

/** Those with a whole number in their key. */
const BOTH = ['wp_large', 'wp_pair'];

let source: Source;
let client: TestClient;
let make: (options?: CloneOptions) => Promise<MadeClone>;
/** With its tables as files. */
let first: MadeClone;

const inSource = (sql: string) =>
  source.query(sql.replaceAll('@HOME@', source.url).replaceAll('@PATH@', source.docroot));

beforeAll(async () => {
  source = await startSource();
  for (const sql of TABLES) await inSource(sql);
  await inSource('ANALYZE TABLE wp_large, wp_pair, wp_names');
  client = testClient(await installMigrator(source));
  make = await clonesOf(source, client);
  first = await make({ address: HERE, folder: 'first', keep: BOTH });
});
afterAll(async () => {
  await client.close();
  await source.stop();
});

/** Whether keys are made with a table or after its rows is decided by how large the server thinks that it is at the moment. */
const seen = ({ content }: MadeClone) =>
  new Map([...content].map(([name, { made, rows, file, held }]) => [name, { made, rows, file, held }]));

/** What a removed clone left, as often as it is needed. */
function left({ baseline, tables }: MadeClone): EarlierClone & { readonly tables: string } {
  const folder = makeTemp('left');
  cpSync(baseline, join(folder, 'baseline'), { recursive: true });
  cpSync(tables, join(folder, 'tables'), { recursive: true });
  return { baseline: join(folder, 'baseline'), tables: join(folder, 'tables') };
}

it('at the same address large tables are imported, not loaded, when nothing changed, and a reset imports them again', async () => {
  const options = { address: HERE, folder: 'first' };
  const [second, fresh] = [await make({ ...options, earlier: [left(first)], reset: true }), await make(options)];
  expect(second.imported).toEqual(['wp_large', 'wp_pair']);
  expect(seen(second)).toEqual(seen(fresh));
  expect(second.result).toEqual({ ...fresh.result, reused: second.result.rows });
  expect(fresh.imported).toEqual([]);
});

it('of one in which some rows are others only these are written', async () => {
  for (const sql of ['UPDATE wp_large SET k = 99 WHERE id % 5000 = 7', 'DELETE FROM wp_large WHERE id = 300'])
    await inSource(sql);
  const written = async () => {
    const [row] = await inSource("SHOW GLOBAL STATUS LIKE 'Handler_write'");
    return Number(row?.['Value']);
  };
  const before = await written();
  const second = await make({ address: HERE, folder: 'first', earlier: [left(first)] });
  // Those of wp_names, whose key is no number, are loaded.
  expect((await written()) - before).toBeLessThan(25_000);
  expect(second.result.rows - second.result.reused).toBeLessThan(200);
  expect(second.imported).toEqual(['wp_pair']);
  expect(seen(second)).toEqual(seen(await make({ address: HERE, folder: 'first' })));
});

describe('is equal to a first clone that is made at the same moment', () => {
  const CHANGES = [
    (n: number) => `UPDATE wp_large SET t = CONCAT(t, ' @HOME@/${n}') WHERE id % 3000 = ${n % 3000}`,
    (n: number) =>
      `UPDATE wp_large SET slug = IF(id = 5, 's77', IF(id = 77, 's5', slug)), k = ${n} WHERE id IN (5, 77)`,
    (n: number) => `DELETE FROM wp_large WHERE id BETWEEN ${n % 13_000} AND ${(n % 13_000) + (n % 2000)}`,
    () => 'DELETE FROM wp_large WHERE id > 13500',
    (n: number) =>
      `INSERT INTO wp_large (slug, t) SELECT CONCAT('n', ${n}, '-', seq), '@HOME@ @PATH@' FROM seq_1_to_${1 + (n % 900)}`,
    (n: number) => `UPDATE wp_large SET id = id + 50000 WHERE id % 5000 = ${n % 5000}`,
    (n: number) => `DELETE FROM wp_pair WHERE g = ${(n % 3) - 1} AND id > ${n % 13_000}`,
    (n: number) => `INSERT IGNORE INTO wp_pair VALUES (${(n % 5) - 2}, ${n % 20_000}, 'x')`,
    (n: number) => `UPDATE wp_pair SET id = id + 20000 WHERE id % 700 = ${n % 700}`,
    (n: number) => `ALTER TABLE wp_pair ADD COLUMN c${n} INT DEFAULT ${n}, ADD KEY k${n} (c${n})`,
    (n: number) => `ALTER TABLE wp_large COMMENT '${n}'`,
    () => 'DELETE FROM wp_names WHERE n LIKE "n7%"',
  ];

  it.each([5, 71])('whatever happened in between (seed %i)', async (seed) => {
    let state = seed;
    const random = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
    const before = await make({ address: HERE, folder: 'before', keep: ['wp_large'] });
    const pick = () => CHANGES[random(CHANGES.length)]?.(random(100_000)) ?? '';
    const changes = Array.from({ length: 1 + random(5) }, pick);
    for (const sql of changes) await inSource(sql);
    const options = { address: HERE, folder: `after-${seed}` };
    const second = await make({ ...options, earlier: [left(before)], keep: ['wp_large'], reset: true });
    const fresh = await make(options);
    expect({ changes, content: seen(second) }).toEqual({ changes, content: seen(fresh) });
    expect(second.result).toEqual({ ...fresh.result, reused: expect.any(Number) });
  });
});

describe('does not trust the files of tables', () => {
  const edit = (path: string, change: (text: string) => string): void =>
    writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[70_000] = (bytes[70_000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };
  const rowsOfLarge = (baseline: string): string => {
    const { tables }: BaselineSchema = JSON.parse(readFileSync(join(baseline, 'db/schema.json'), 'utf8'));
    return join(baseline, 'db', tables.find(({ name }) => name === 'wp_large')?.file ?? '');
  };
  let before: MadeClone | undefined;
  let fresh: MadeClone | undefined;

  it.each<[string, (tables: string, baseline: string) => void]>([
    ['one in which a bit is another', (tables) => flip(join(tables, 'wp_large.ibd'))],
    ['one that ends early', (tables) => truncateSync(join(tables, 'wp_large.ibd'), 100_000)],
    ['no file', (tables) => rmSync(join(tables, 'wp_large.ibd'))],
    ['no .cfg', (tables) => rmSync(join(tables, 'wp_large.cfg'))],
    ['those of another table', (tables) => renameSync(join(tables, 'wp_pair.cfg'), join(tables, 'wp_large.cfg'))],
    [
      'those of another server',
      (tables) => edit(join(tables, 'index.json'), (text) => text.replace('MariaDB', 'MariaDC')),
    ],
    ['a damaged list', (tables) => edit(join(tables, 'index.json'), (text) => text.slice(3))],
    [
      'a list whose import was cut off',
      (tables) => renameSync(join(tables, 'index.json'), join(tables, 'index.taken.json')),
    ],
    ['files beside damaged rows', (_tables, baseline) => truncateSync(rowsOfLarge(baseline), 1000)],
    [
      'files beside other ranges',
      (_tables, baseline) => edit(join(baseline, 'origin/ranges.jsonl'), (text) => text.slice(text.indexOf('\n') + 1)),
    ],
  ])('such as %s', async (_what, spoil) => {
    before ??= await make({ address: HERE, folder: 'before', keep: BOTH });
    const earlier = left(before);
    spoil(earlier.tables, earlier.baseline);
    const options = { address: HERE, folder: 'after' };
    fresh ??= await make(options);
    expect(seen(await make({ ...options, earlier: [earlier] }))).toEqual(seen(fresh));
  });
});
