import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableRead } from '../../src/site/client-types.ts';
import { moveRows } from '../../src/transfer/earlier/keep.ts';
import { clonesOf, type CloneOptions, type MadeClone } from '../support/clones-of-source.ts';
import { installMigrator, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

const FIRST = 'http://127.0.0.1:8101';
const LINK = "CONCAT('@HOME@/page-', seq, ' and \\'@HOME@\\\\\\\\n')";
const PLAIN = "REPEAT('x', 200)";
const TABLES = [
  'CREATE TABLE wp_text (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT, s TEXT)',
  `INSERT INTO wp_text SELECT seq, CONCAT(${LINK}, REPEAT('ä€', 60)), CONCAT('a:1:{i:0;s:', LENGTH('@HOME@/') + 4, ':"@HOME@/', LPAD(seq, 4, '0'), '";}') FROM seq_1_to_6000`,
  'CREATE TABLE wp_pair (g INT NOT NULL, id INT NOT NULL, t TEXT, PRIMARY KEY (g,id))',
  `INSERT INTO wp_pair SELECT seq % 3, seq, ${PLAIN} FROM seq_1_to_6000`,
  'CREATE TABLE wp_names (n VARCHAR(60) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY, v TEXT)',
  `INSERT INTO wp_names SELECT CONCAT(ELT(seq % 4 + 1, 'ä', 'A', 'a ', '😀'), seq), CONCAT(${LINK}, ${PLAIN}) FROM seq_1_to_4000`,
  'CREATE TABLE wp_latin (id INT PRIMARY KEY, t TEXT CHARACTER SET latin1)',
  "INSERT INTO wp_latin SELECT seq, CONCAT('s:', LENGTH('@HOME@/ä'), ':\"@HOME@/ä\";') FROM seq_1_to_500",
  'CREATE TABLE wp_nokey (a INT, b VARCHAR(200))',
  `INSERT INTO wp_nokey SELECT seq % 7, ${LINK} FROM seq_1_to_500`,
  'CREATE TABLE wp_giant (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)',
  "INSERT INTO wp_giant VALUES (1,'small'),(2,REPEAT('@HOME@/ä ',300000)),(3,'x')",
  'CREATE TABLE wp_locking (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM',
  `INSERT INTO wp_locking SELECT seq, ${PLAIN} FROM seq_1_to_3000`,
  'CREATE TABLE wp_urls (id INT PRIMARY KEY AUTO_INCREMENT, url VARCHAR(120) NOT NULL UNIQUE, v TEXT)',
  `INSERT INTO wp_urls SELECT seq, CONCAT(ELT(seq % 3 + 1, 'http://x.example', REPLACE('@HOME@', 'http:', 'https:'), '@HOME@'), '/p', seq DIV 3), ${PLAIN} FROM seq_1_to_3000`,
  'CREATE TABLE wp_empty (id INT PRIMARY KEY)',
  'CREATE TABLE wp_altered (id INT PRIMARY KEY, v TEXT)',
  `INSERT INTO wp_altered SELECT seq, ${LINK} FROM seq_1_to_300`,
];

let source: Source;
let client: TestClient;
let make: (options?: CloneOptions) => Promise<MadeClone>;
let first: MadeClone;

const inSource = (sql: string) => source.query(sql.replaceAll('@HOME@', source.url));

beforeAll(async () => {
  source = await startSource();
  for (const sql of TABLES) await inSource(sql);
  client = testClient(await installMigrator(source));
  make = await clonesOf(source, client);
  first = await make({ address: FIRST });
});
afterAll(async () => {
  await client.close();
  await source.stop();
});

/** Notes what the source is asked for. */
function watched() {
  const asked: TableRead[] = [];
  return {
    asked,
    client: {
      ...client,
      rows: (reads: readonly TableRead[], signal: AbortSignal) => (asked.push(...reads), client.rows(reads, signal)),
    },
  };
}

it('takes all rows from an earlier clone when nothing happened at the source, but for those that came in pieces', async () => {
  const { asked, client: watching } = watched();
  const [second, fresh] = [await make({ earlier: [{ baseline: first.baseline }], client: watching }), await make()];
  expect(second.content).toEqual(fresh.content);
  expect(second.result.rows - second.result.reused).toBe(2);
  expect(second.result.urlsRewritten).toBe(fresh.result.urlsRewritten);
  // Once more for what arrived meanwhile, which of an empty table is all.
  const whole = asked.filter(({ after, name }) => after === undefined && second.content.get(name)?.rows !== 0);
  expect(whole.map(({ name }) => name)).toEqual(['wp_giant']);
  expect(fresh.result.reused).toBe(0);
});

it('takes all but a few rows of a range in which one changed', async () => {
  await inSource("UPDATE wp_text SET s = 'changed' WHERE id = 4321");
  const { rows, reused } = (await make({ earlier: [{ baseline: first.baseline }] })).result;
  expect(rows - reused).toBeLessThan(2 + 20);
  first = await make({ address: FIRST });
});

it('gives what was made for another port the new one, from clone to clone, and rewrites only what it does not know', async () => {
  const key = Buffer.from('a key of the home');
  const made = await make({ address: FIRST, key });
  await inSource("UPDATE wp_text SET s = 'changed once more' WHERE id = 77");
  const second = await make({ earlier: [{ baseline: made.baseline }], key });
  const THIRD = 'http://127.0.0.1:8103';
  const third = await make({ address: THIRD, earlier: [{ baseline: second.baseline }], key });
  for (const [clone, fresh] of [
    [second, await make()],
    [third, await make({ address: THIRD })],
  ] as const) {
    expect(clone.content).toEqual(fresh.content);
    expect(clone.result.urlsRewritten).toBe(fresh.result.urlsRewritten);
    expect(clone.rewritten).toBeLessThan(fresh.rewritten);
  }
  first = await make({ address: FIRST });
});

it('does so from what is kept of a clone that is deleted, too', async () => {
  const folder = makeTemp('deleted');
  cpSync(first.baseline, join(folder, 'baseline'), { recursive: true });
  expect(
    await moveRows({ baseline: join(folder, 'baseline') }, join(folder, 'rows'), new AbortController().signal),
  ).toBe(true);
  const { result } = await make({
    earlier: [{ baseline: join(folder, 'baseline') }, { baseline: join(folder, 'rows') }],
  });
  expect(result.rows - result.reused).toBe(2);
});

describe('is equal to a first clone that is made at the same moment', () => {
  const CHANGES = [
    (n: number) => `UPDATE wp_text SET t = CONCAT(t, ' @HOME@/${n}') WHERE id % 2000 = ${n % 2000}`,
    (n: number) => `DELETE FROM wp_text WHERE id BETWEEN ${n % 5000} AND ${(n % 5000) + (n % 900)}`,
    (n: number) => `INSERT INTO wp_text (t) SELECT CONCAT('@HOME@/new ', seq) FROM seq_1_to_${1 + (n % 50)}`,
    (n: number) => `DELETE FROM wp_pair WHERE g = ${n % 3} AND id > ${n % 6000}`,
    (n: number) => `INSERT IGNORE INTO wp_pair VALUES (${(n % 5) - 1}, ${n % 9000}, 'x')`,
    (n: number) => `UPDATE wp_pair SET id = id + 10000 WHERE id % 700 = ${n % 700}`,
    (n: number) => `DELETE FROM wp_names WHERE n LIKE '${'äAa😀'.at(n % 3)}%${n % 10}'`,
    (n: number) => `INSERT IGNORE INTO wp_names VALUES ('Å ${n}', '@HOME@')`,
    (n: number) => `UPDATE wp_nokey SET b = '${n}' LIMIT ${n % 2}`,
    (n: number) => `DELETE FROM wp_latin WHERE id < ${n % 500}`,
    (n: number) => `UPDATE wp_giant SET a = '${n}' WHERE id = ${1 + (n % 3)}`,
    (n: number) => `INSERT INTO wp_giant (a) VALUES (REPEAT('@HOME@ ', ${n % 100_000}))`,
    (n: number) => `DELETE FROM wp_locking WHERE id % 500 = ${n % 500}`,
    (n: number) => `DELETE FROM wp_urls WHERE id % 100 = ${n % 100}`,
    (n: number) => `UPDATE wp_urls SET v = '@HOME@/${n}' WHERE id % 400 = ${n % 400}`,
    (n: number) => `INSERT IGNORE INTO wp_urls (url) VALUES ('@HOME@/p${n % 900}')`,
    (n: number) => `INSERT IGNORE INTO wp_empty VALUES (${n})`,
    () => 'TRUNCATE TABLE wp_empty',
    (n: number) => `ALTER TABLE wp_altered ADD COLUMN c${n} INT DEFAULT ${n}, ADD KEY k${n} (c${n})`,
    (n: number) => `ALTER TABLE wp_altered MODIFY v ${n % 2 === 0 ? 'LONGTEXT' : 'VARCHAR(300)'}`,
    (n: number) =>
      `CREATE TABLE IF NOT EXISTS wp_fresh (id INT PRIMARY KEY) SELECT seq AS id FROM seq_1_to_${1 + (n % 9)}`,
    () => 'DROP TABLE IF EXISTS wp_fresh',
    (n: number) => `UPDATE wp_options SET option_value = '@HOME@/${n}' WHERE option_name = 'blogdescription'`,
  ];

  it.each([11, 57, 93])('whatever happened in between, from clone to clone (seed %i)', async (seed) => {
    let state = seed;
    const random = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
    let before = first;
    for (let round = 0; round < 2; round++) {
      const changes = Array.from(
        { length: 1 + random(6) },
        () => CHANGES[random(CHANGES.length)]?.(random(100_000)) ?? '',
      );
      for (const sql of changes) await inSource(sql);
      const address = `http://127.0.0.1:${8100 + random(90)}`;
      const second = await make({ address, earlier: [{ baseline: before.baseline }] });
      const fresh = await make({ address });
      expect({ changes, content: second.content }).toEqual({ changes, content: fresh.content });
      expect(second.result).toEqual({ ...fresh.result, reused: expect.any(Number) });
      expect(second.result.reused).toBeGreaterThan(0);
      before = second;
    }
  });

  it('when tables were left out of the earlier one, or are of this one', async () => {
    const earlier = await make({ address: FIRST, task: { excludeTables: ['pair'] } });
    const options = { task: { excludeTables: ['text'] } };
    const [second, fresh] = [
      await make({ ...options, earlier: [{ baseline: earlier.baseline }] }),
      await make(options),
    ];
    expect(second.content).toEqual(fresh.content);
    expect(second.result.reused).toBeGreaterThan(0);
  });

  it('when the source cannot compare', async () => {
    const unable = {
      ...client,
      digests: () => {
        throw new Error('it does not know digests');
      },
    };
    const [second, fresh] = [await make({ earlier: [{ baseline: first.baseline }], client: unable }), await make()];
    expect(second.content).toEqual(fresh.content);
    expect(second.result).toEqual(fresh.result);
  });
});

describe('does not trust what an earlier clone has', () => {
  const origin = (baseline: string, file: string): string => join(baseline, 'origin', file);
  const each = (folder: string, change: (path: string) => void): void => {
    for (const name of readdirSync(folder).filter((name_) => name_.endsWith('.tsv'))) change(join(folder, name));
  };
  const edit = (path: string, change: (text: string) => string): void =>
    writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
  const lines = (change: (all: string[]) => string[]) => (text: string) =>
    `${change(text.trimEnd().split('\n')).join('\n')}\n`;

  it.each<[string, (baseline: string) => void]>([
    ['other rows', (baseline) => each(join(baseline, 'db'), (path) => edit(path, (text) => text.replaceAll('x', 'y')))],
    ['rows that end early', (baseline) => each(join(baseline, 'db'), (path) => truncateSync(path, 1000))],
    ['no rows', (baseline) => each(join(baseline, 'db'), (path) => rmSync(path))],
    ['no schema', (baseline) => rmSync(join(baseline, 'db/schema.json'))],
    ['other ways back', (baseline) => edit(origin(baseline, 'back.jsonl'), (text) => text.replaceAll('1', '7'))],
    ['ways back that end early', (baseline) => truncateSync(origin(baseline, 'back.jsonl'), 5000)],
    [
      'ranges in another order',
      (baseline) =>
        edit(
          origin(baseline, 'ranges.jsonl'),
          lines((all) => all.toReversed()),
        ),
    ],
    [
      'ranges that come twice',
      (baseline) =>
        edit(
          origin(baseline, 'ranges.jsonl'),
          lines((all) => [...all, ...all]),
        ),
    ],
    [
      'ranges that are missing',
      (baseline) =>
        edit(
          origin(baseline, 'ranges.jsonl'),
          lines((all) => all.filter((_, at) => at % 3 !== 1)),
        ),
    ],
    [
      'a list of ranges that ends early',
      (baseline) => edit(origin(baseline, 'ranges.jsonl'), (text) => text.slice(0, -40)),
    ],
    [
      'ranges of an older wpclone',
      (baseline) => edit(origin(baseline, 'ranges.jsonl'), (text) => text.replaceAll(/,"made":.*?\}\n/g, '}\n')),
    ],
    ['damaged facts', (baseline) => edit(origin(baseline, 'database.json'), (text) => text.slice(1))],
  ])('such as %s', async (_what, spoil) => {
    const baseline = join(makeTemp('spoilt'), 'baseline');
    cpSync(first.baseline, baseline, { recursive: true });
    spoil(baseline);
    fresh ??= await make();
    expect((await make({ earlier: [{ baseline }] })).content).toEqual(fresh.content);
  });

  let fresh: MadeClone | undefined;
});
