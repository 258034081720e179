import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DigestRead, RangeDigest } from '../../src/site/client-types.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { importDatabase } from '../../src/transfer/transfer.ts';
import { definitionDigest, readDatabaseOrigin } from '../../src/transfer/origin/database.ts';
import { readRanges } from '../../src/transfer/origin/ranges.ts';
import type { DatabaseOrigin, OriginRange, OriginTable } from '../../src/transfer/origin/schema.ts';
import { inputFor } from '../support/imported.ts';
import { installMigrator, never, readOf, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** Tables whose keys and rows are hard to cut into ranges; large ones have several. */
const TABLES = [
  'CREATE TABLE wp_pair (g INT NOT NULL, id INT NOT NULL, t LONGTEXT, PRIMARY KEY (g,id))',
  "INSERT INTO wp_pair SELECT seq % 3, seq, REPEAT(CONCAT('row ', seq, '\\n'), 20) FROM seq_1_to_20000",
  'CREATE TABLE wp_bytes (k VARBINARY(40) NOT NULL PRIMARY KEY, v TEXT)',
  "INSERT INTO wp_bytes SELECT UNHEX(SHA2(seq, 256)), REPEAT('b', 400) FROM seq_1_to_4000",
  'CREATE TABLE wp_kinds (e ENUM("z","a","m") NOT NULL, s SET("q","p") NOT NULL, bits BIT(9) NOT NULL, PRIMARY KEY (e,s,bits))',
  'INSERT INTO wp_kinds VALUES ("a","p",300),("a","q,p",1),("z","",511),("m","q",0),("z","p",2),("m","q",5)',
  'CREATE TABLE wp_names (n VARCHAR(60) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY, v TEXT)',
  "INSERT INTO wp_names SELECT CONCAT(ELT(seq % 4 + 1, 'ä', 'A', 'a ', '😀'), seq), REPEAT('n', 500) FROM seq_1_to_3000",
  'CREATE TABLE wp_nokey (a INT, b VARCHAR(10))',
  "INSERT INTO wp_nokey VALUES (1,'x'),(1,'x'),(NULL,NULL),(2,'')",
  'CREATE TABLE wp_giant (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT CHARACTER SET utf8mb4, b LONGBLOB)',
  "INSERT INTO wp_giant VALUES (1,'small',NULL),(2,REPEAT('ä€😀\\n',1000000),NULL),(3,'x',REPEAT(x'00095C0A0DFF41',1500000)),(4,NULL,NULL)",
  'CREATE TABLE wp_locking (id INT PRIMARY KEY, v TEXT) ENGINE=MyISAM',
  "INSERT INTO wp_locking SELECT seq, REPEAT('m', 300) FROM seq_1_to_3000",
  'CREATE TABLE wp_numbers (id BIGINT PRIMARY KEY, v TEXT)',
  "INSERT INTO wp_numbers SELECT CAST(seq AS SIGNED) * 3 - 4000, REPEAT('i', 500) FROM seq_1_to_3000",
  'CREATE TABLE wp_counts (id BIGINT UNSIGNED PRIMARY KEY, v LONGTEXT)',
  "INSERT INTO wp_counts VALUES (0,'a'),(7,NULL),(8,REPEAT('\t9',2000000)),(9,'b'),(999999999999999999,'c'),(9223372036854775808,'d'),(18446744073709551615,'e')",
  'CREATE TABLE wp_empty (id INT PRIMARY KEY)',
];

let source: Source;
let client: TestClient;
let origin: DatabaseOrigin;
let ranges: readonly OriginRange[];
let baseline: string;

beforeAll(async () => {
  source = await startSource();
  await source.mariadb.script(`SET sql_mode = ''; ${TABLES.join(';\n')};`, source.database.name);
  client = testClient(await installMigrator(source));
  const input = await inputFor(source, client);
  ({ baseline } = input.site.paths);
  await importDatabase(input);
  const read = await readDatabaseOrigin(baseline);
  if (!read) throw new Error('nothing is remembered');
  origin = read;
  ranges = await all(readRanges(baseline));
});
afterAll(async () => {
  await client.close();
  await source.stop();
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const rangesOf = (name: string): OriginRange[] => {
  const number = origin.tables.findIndex((table) => table.name === name);
  return ranges.filter(({ t }) => t === number);
};

const question = ({ name, columns, key }: OriginTable): DigestRead => ({
  name,
  columns,
  key,
  bounds: rangesOf(name).flatMap(({ last }) => (last ? [last] : [])),
});

const ask = (tables: readonly OriginTable[]): Promise<RangeDigest[]> =>
  all(client.digests(tables.map(question), never));

/** By table: its digests, without the empty end. */
async function answered(tables: readonly OriginTable[] = origin.tables) {
  const answers = Map.groupBy(await ask(tables), ({ table }) => table);
  return (name: string) =>
    (answers.get(name) ?? [])
      .filter(({ bytes }) => bytes > 0)
      .map(({ rows, last, sha256 }) => ({ rows, last, sha256 }));
}

const kept = (name: string) => rangesOf(name).map(({ rows, last, sha256 }) => ({ rows, last, sha256 }));

const tableOf = (name: string): OriginTable => {
  const table = origin.tables.find((each) => each.name === name);
  if (!table) throw new Error(`no ${name}`);
  return table;
};

describe('what the clone remembers', () => {
  it('equals what the untouched source says, table by table and range by range', async () => {
    const digests = await answered();
    for (const { name } of origin.tables)
      expect({ name, digests: digests(name) }).toEqual({ name, digests: kept(name) });
    expect(kept('wp_pair').length).toBeGreaterThan(3);
    expect(kept('wp_bytes').length).toBeGreaterThan(2);
    expect(kept('wp_giant').length).toBeGreaterThanOrEqual(4);
    expect(kept('wp_nokey')).toMatchObject([{ rows: 4, last: null }]);
    expect(kept('wp_empty')).toEqual([]);
  });

  it('is what the rows themselves hash to', async () => {
    const read = readOf((await client.info(never)).tables.find(({ name }) => name === 'wp_pair') ?? missing());
    const hash = createHash('sha256');
    for await (const block of client.rows([read], never)) {
      hash.update(block.data);
      if (block.sha256 === null || block.data.length === 0) continue;
      expect(kept('wp_pair')[0]?.sha256).toBe(hash.digest('hex'));
      break;
    }
  });

  it('holds the definition, the rows and the bytes of each table as the source has them', async () => {
    const info: SiteInfo = await client.info(never);
    for (const table of origin.tables) {
      const now = info.tables.find(({ name }) => name === table.name);
      expect(table.definition).toBe(definitionDigest(now?.definition ?? ''));
      expect(table.rows).toBe(rangesOf(table.name).reduce((sum, { rows }) => sum + rows, 0));
    }
    await source.query('ALTER TABLE wp_empty ADD COLUMN more INT');
    const changed = (await client.info(never)).tables.find(({ name }) => name === 'wp_empty');
    expect(definitionDigest(changed?.definition ?? '')).not.toBe(tableOf('wp_empty').definition);
  });
});

const missing = (): never => {
  throw new Error('the table is gone');
};

it('the site says how fast its tables grow, of those that tell when a row was made', async () => {
  const { growth } = await client.info(never);
  const posts = growth.find(({ table }) => table === 'wp_posts');
  expect(posts?.perDay).toBeGreaterThanOrEqual(0);
  expect(growth.map(({ table }) => table)).toEqual(expect.arrayContaining(['wp_users', 'wp_comments']));
  expect(growth.map(({ table }) => table)).not.toContain('wp_terms');
});

describe('only the range differs', () => {
  it.each([
    ['wp_pair', 'in which a row was changed', "UPDATE wp_pair SET t = 'new' WHERE g = 1 AND id = 10000"],
    ['wp_bytes', 'from which a row was deleted', 'DELETE FROM wp_bytes ORDER BY k LIMIT 1 OFFSET 2000'],
    ['wp_names', 'into which a row was put', "INSERT INTO wp_names VALUES ('a 77777', 'x')"],
    ['wp_locking', 'in which a row was changed', "UPDATE wp_locking SET v = '' WHERE id = 1500"],
  ])('of %s %s', async (name, _, change) => {
    const before = kept(name);
    const now = await changedBy(name, change);
    const different = before.filter((range, at) => range.sha256 !== now[at]?.sha256);
    expect(now).toHaveLength(before.length);
    expect(different).toHaveLength(1);
  });

  it('after the last one, when rows came at the end', async () => {
    const now = await changedBy('wp_pair', "INSERT INTO wp_pair VALUES (9, 1, 'late')");
    expect(now.at(-1)).toMatchObject({ rows: 1 });
  });

  it('of a giant row of which one byte was changed, and the whole of a table without a key', async () => {
    const giant = await changedBy('wp_giant', "UPDATE wp_giant SET a = CONCAT('!', SUBSTRING(a, 2)) WHERE id = 2");
    expect(giant.filter(({ sha256 }, at) => sha256 !== kept('wp_giant')[at]?.sha256)).toHaveLength(1);
    const whole = await changedBy('wp_nokey', 'DELETE FROM wp_nokey WHERE a = 1 LIMIT 1');
    expect(whole).toMatchObject([{ rows: 3 }]);
  });

  /** The digests after a change, given back the earlier ones' bounds. The source's rows stay changed. */
  async function changedBy(name: string, change: string) {
    if (!change.includes('OFFSET')) await source.query(change);
    else
      await source.query(
        'DELETE FROM wp_bytes WHERE k = (SELECT k FROM (SELECT k FROM wp_bytes ORDER BY k LIMIT 2000, 1) AS x)',
      );
    return (await answered([tableOf(name)]))(name);
  }
});

describe('a request for digests', () => {
  it('goes on after each cut of time, with the same answer', async () => {
    const table = tableOf('wp_pair');
    const whole = await ask([table]);
    const half = question(table).bounds.length >> 1;
    const after = question(table).bounds[half - 1];
    const rest = await all(
      client.digests([{ ...question(table), after: after ?? [], bounds: question(table).bounds.slice(half) }], never),
    );
    expect(rest).toEqual(whole.slice(half));
  });

  it.each([
    ['wp_numbers', Array.from({ length: 200 }, (_, at) => -4500 + at * 50)],
    ['wp_counts', [0, 3, 5, 7, 8, 9, 500, '999999999999999999']],
    ['wp_counts', ['9223372036854775807', '9223372036854775808', '18446744073709551614', '18446744073709551615']],
    ['wp_giant', [0, 1, 2, 3, 9]],
    ['wp_locking', [1, 2, 3, 50, 2999, 3000, 3001]],
  ])('of %s that ends at several bounds (%#) has the answers of one request for each', async (name, numbers) => {
    const bounds = numbers.map((number) => [Buffer.from(String(number)).toString('base64')]);
    const { columns, key } = question(tableOf(name));
    const read = { name, columns, key, stop: true as const };
    const alone = bounds.map((bound, at) => ({ ...read, bounds: [bound], ...(at > 0 && { after: bounds[at - 1] }) }));
    expect(await all(client.digests([{ ...read, bounds }], never))).toEqual(await all(client.digests(alone, never)));
  });

  it('of many small ranges costs the site far fewer questions than there are ranges', async () => {
    const { columns, key } = question(tableOf('wp_numbers'));
    const bounds = Array.from({ length: 900 }, (_, at) => [Buffer.from(String(-4000 + at * 10)).toString('base64')]);
    const selects = async () => Number((await source.query("SHOW GLOBAL STATUS LIKE 'Com_select'"))[0]?.['Value']);
    const before = await selects();
    await all(client.digests([{ name: 'wp_numbers', columns, key, bounds, stop: true }], never));
    expect((await selects()) - before).toBeLessThan(450);
  });

  it('without bounds is answered in ranges of the site’s own choice, that cover the table', async () => {
    const table = tableOf('wp_names');
    const own = await all(client.digests([{ ...question(table), bounds: [] }], never));
    const [counted] = await source.query('SELECT COUNT(*) AS many FROM wp_names');
    expect(own.reduce((sum, { rows }) => sum + rows, 0)).toBe(Number(counted?.['many']));
    expect(own.length).toBeGreaterThan(2);
    const again = own.flatMap(({ last, end }) => (last && !end ? [last] : []));
    const same = await all(client.digests([{ ...question(table), bounds: again }], never));
    expect(same.map(({ sha256 }) => sha256)).toEqual(own.map(({ sha256 }) => sha256));
  });

  it('is refused for columns, keys and bounds that do not fit', async () => {
    const asked = question(tableOf('wp_pair'));
    for (const bad of [
      { ...asked, columns: ['g', 'nosuch'] },
      { ...asked, key: ['id'] },
      { ...asked, bounds: [['eA==']] },
      { ...asked, bounds: [[Buffer.from("1' OR 1").toString('base64'), 'MQ==']] },
    ])
      await expect(all(client.digests([bad], never))).rejects.toMatchObject({
        code: expect.stringMatching(/^SOURCE_(CHANGED|FAILED)$/) as string,
      });
  });
});
