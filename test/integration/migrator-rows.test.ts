import { Readable } from 'node:stream';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteInfo, TableInfo } from '../../src/site/info.ts';
import type { RowBlock } from '../../src/site/client-types.ts';
import { collectRows, installMigrator, never, readOf, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';

const HOSTILE = [
  `CREATE TABLE wp_types (
    id BIGINT UNSIGNED NOT NULL PRIMARY KEY, b1 BIT(1), b13 BIT(13) NULL, b64 BIT(64), f FLOAT, d DOUBLE, n DECIMAL(30,10),
    dt DATETIME NULL, ts TIMESTAMP NULL, t TIME, y YEAR, da DATE, e ENUM('a','b','') , s SET('x','y'), bl LONGBLOB, bin BINARY(4), g GEOMETRY,
    l1 VARCHAR(50) CHARACTER SET latin1, u16 VARCHAR(20) CHARACTER SET utf16, j JSON, v INT AS (id % 7) VIRTUAL)`,
  `INSERT INTO wp_types (id,b1,b13,b64,f,d,n,dt,ts,t,y,da,e,s,bl,bin,g,l1,u16,j) VALUES
    (0,b'0',b'1',b'0',0.1,0.1,'123456789012345.0123456789','0000-00-00 00:00:00',NULL,'-12:00:00',1999,'0000-00-00','','',x'000A0D095C00FF','ab',ST_GeomFromText('POINT(1 2)'),x'FCE4C3A9','z',NULL),
    (18446744073709551615,b'1',b'1010101010101',x'FFFFFFFFFFFFFFFF',3.4028234e38,1.7976931348623157e308,'-1','2024-02-30 00:00:00','2024-06-01 12:00:00','838:59:59',0,'2024-00-00','b','x,y','',x'00000000',NULL,'\\\\N','\\t','{"a": {}}'),
    (3,NULL,NULL,NULL,16777217,-0.0,NULL,NULL,'1970-01-01 00:00:01',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]')`,
  'CREATE TABLE `wp_od``d name` (`or``der` INT NOT NULL, `select` VARCHAR(190) NOT NULL, `x y` TEXT, PRIMARY KEY (`select`,`or``der`)) CHARACTER SET utf8mb4',
  "INSERT INTO `wp_od``d name` VALUES (1,'a','1e5'),(2,'A','+15551234567'),(3,'ä','🖖'),(1,'b','\\\\'),(2,'b ','tab\\tnl\\ncr\\rnul\\0end'),(7,'😀','')",
  'CREATE TABLE wp_enumkey (e ENUM("z","a","m") NOT NULL, s SET("q","p") NOT NULL, bits BIT(9) NOT NULL, PRIMARY KEY (e,s,bits))',
  'INSERT INTO wp_enumkey VALUES ("a","p",300),("a","q,p",1),("z","",511),("m","q",0),("z","p",2),("m","q",5)',
  'CREATE TABLE wp_nokey (a INT, b VARCHAR(10))',
  "INSERT INTO wp_nokey VALUES (1,'x'),(1,'x'),(NULL,NULL),(2,'')",
  'CREATE TABLE wp_unique (a INT NULL, b VARBINARY(20) NOT NULL, UNIQUE KEY a (a), UNIQUE KEY b (b))',
  "INSERT INTO wp_unique VALUES (NULL,x'00'),(NULL,x'0001'),(5,x'FF'),(4,'')",
  'CREATE TABLE wp_when (d DATETIME(6) NOT NULL, n DECIMAL(20,3) NOT NULL, v INT, PRIMARY KEY (d,n))',
  `INSERT INTO wp_when SELECT '2024-01-01' + INTERVAL seq DIV 3 MICROSECOND, seq / 7, seq FROM seq_1_to_3000`,
  'CREATE TABLE wp_many (g INT NOT NULL, id INT NOT NULL, t LONGTEXT, PRIMARY KEY (g,id))',
  "INSERT INTO wp_many SELECT seq % 3, seq, REPEAT(CONCAT('row ', seq, '\\n'), 20) FROM seq_1_to_30000",
  'CREATE TABLE wp_giant (id INT PRIMARY KEY, a LONGTEXT CHARACTER SET utf8mb4, b LONGBLOB, c VARCHAR(20) NULL)',
  "INSERT INTO wp_giant VALUES (1,'small',NULL,'x'),(2,REPEAT('ä€😀\\n',1500000),NULL,NULL),(3,'x',REPEAT(x'00095C0A0DFF41',1800000),'y'),(4,NULL,NULL,NULL),(5,REPEAT('z',9000000),REPEAT('y',9000000),'\\t')",
  'CREATE TABLE wp_giantnokey (a LONGTEXT CHARACTER SET utf8mb4, n INT)',
  "INSERT INTO wp_giantnokey VALUES ('s',1),(REPEAT('ö',6000000),2),('s',1),(REPEAT('q',10000000),3)",
  'CREATE TABLE wp_middle (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT)',
  "INSERT INTO wp_middle SELECT seq, REPEAT('m', seq * 300000), REPEAT('n', seq * 200000) FROM seq_1_to_8",
  'CREATE TABLE wp_empty (id INT PRIMARY KEY)',
  'CREATE TABLE wp_onecolumn (a TEXT NULL)',
  "INSERT INTO wp_onecolumn VALUES (''),(NULL),('\\\\N'),('x')",
  'CREATE TABLE wp_floatkey (f DOUBLE NOT NULL PRIMARY KEY)',
  'INSERT INTO wp_floatkey VALUES (0.1),(1e300)',
  "CREATE VIEW wp_aview AS SELECT 'ü' AS u",
  'CREATE TRIGGER wp_trig BEFORE INSERT ON wp_empty FOR EACH ROW SET NEW.id = NEW.id + 1',
  ...['options', 'posts', 'users', 'usermeta'].map((name) => `CREATE TABLE wp_shop_${name} (id INT PRIMARY KEY)`),
];

/** A packet of the database protocol holds less than 16 MB. */
function* pieces(rows: Buffer): Generator<Buffer> {
  for (let at = 0; at < rows.length; at += 1 << 20) yield rows.subarray(at, at + (1 << 20));
}

let source: Source;
let client: TestClient;
let info: SiteInfo;

beforeAll(async () => {
  source = await startSource();
  await source.query("SET GLOBAL sql_mode = ''");
  await source.mariadb.script(
    `SET sql_mode = ''; SET time_zone = '+00:00'; ${HOSTILE.join(';\n')};`,
    source.database.name,
  );
  client = testClient(await installMigrator(source));
  info = await client.info(never);
});
afterAll(async () => {
  await client.close();
  await source.stop();
});

const tableOf = (name: string): TableInfo => {
  const table = info.tables.find((each) => each.name === name);
  if (!table) throw new Error(`no ${name}`);
  return table;
};

describe('what the site says about its database', () => {
  it('names the key that reading goes by, and none where values cannot be compared exactly', () => {
    expect(tableOf('wp_types').key).toEqual(['id']);
    expect(tableOf('wp_od`d name').key).toEqual(['select', 'or`der']);
    expect(tableOf('wp_unique').key).toEqual(['b']);
    expect(tableOf('wp_nokey').key).toBeNull();
    expect(tableOf('wp_floatkey').key).toBeNull();
  });

  it('marks generated columns, and knows views and triggers', () => {
    expect(tableOf('wp_types').columns.filter(({ generated }) => generated)).toMatchObject([{ name: 'v' }]);
    expect(info.views.map(({ name }) => name)).toEqual(['wp_aview']);
    expect(info.triggers).toMatchObject([{ name: 'wp_trig', table: 'wp_empty' }]);
  });

  it('leaves the tables of another site in the same database alone', () => {
    expect(info.otherPrefixes).toEqual(['wp_shop_']);
    expect(info.tables.filter(({ name }) => name.startsWith('wp_shop_'))).toEqual([]);
  });
});

describe('rows arrive as they are stored', () => {
  /** Loads rows into a table made alike and compares what the server finds in both, byte for byte. */
  async function expectSame(table: TableInfo, rows: Buffer): Promise<void> {
    const connection = await mysql.createConnection({ socketPath: source.mariadb.socket, user: 'root' });
    try {
      const [from, to] = [source.database.name, `${source.database.name}_copy`].map((name) => `\`${name}\``);
      const name = mysql.escapeId(table.name, true);
      for (const sql of [
        `CREATE DATABASE IF NOT EXISTS ${to}`,
        `USE ${to}`,
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0",
        `CREATE TABLE ${name} LIKE ${from}.${name}`,
      ])
        await connection.query(sql);
      const { columns } = readOf(table);
      await connection.query({
        sql: `LOAD DATA LOCAL INFILE 'x' INTO TABLE ${name} CHARACTER SET binary (${columns.map((column) => mysql.escapeId(column, true)).join(', ')})`,
        infileStreamFactory: () => Readable.from(pieces(rows)),
      });
      const sums = await connection.query<mysql.RowDataPacket[]>(
        `CHECKSUM TABLE ${from}.${name}, ${to}.${name} EXTENDED`,
      );
      const [original, copy] = sums[0].map((row) => String(row['Checksum']));
      expect(original).toMatch(/^\d+$/);
      expect({ table: table.name, checksum: copy }).toEqual({ table: table.name, checksum: original });
    } finally {
      await connection.end();
    }
  }

  it('for every type, name, key and size', async () => {
    // The options hold the migrator's own rows, which it keeps to itself.
    const tables = info.tables.filter(({ name }) => name !== 'wp_options');
    const rows = await collectRows(client.rows(tables.map(readOf), never));
    for (const table of tables) await expectSame(table, rows.get(table.name) ?? Buffer.alloc(0));
    expect(tables.length).toBeGreaterThan(20);
  });

  it('with a cursor at each block from which reading goes on without a gap or a double', async () => {
    for (const name of ['wp_od`d name', 'wp_enumkey', 'wp_unique', 'wp_when', 'wp_many', 'wp_types']) {
      const table = tableOf(name);
      const whole = (await collectRows(client.rows([readOf(table)], never))).get(name) ?? Buffer.alloc(0);
      const cursors = await cursorsOf(table, whole);
      for (const { after, rest } of cursors) {
        const again = await collectRows(client.rows([{ ...readOf(table), after }], never));
        expect({ name, rest: again.get(name)?.toString('latin1') }).toEqual({ name, rest: rest.toString('latin1') });
      }
    }
  });

  it('when the server by now forbids values and rows of their size', async () => {
    const tables = ['wp_giant', 'wp_giantnokey', 'wp_middle', 'wp_posts'].map((name) => readOf(tableOf(name)));
    const before = await collectRows(client.rows(tables, never));
    await source.query('SET GLOBAL max_allowed_packet = 1048576');
    const after = await collectRows(client.rows(tables, never));
    await source.query('SET GLOBAL max_allowed_packet = 67108864');
    for (const [name, rows] of before)
      expect({ name, same: after.get(name)?.equals(rows) }).toEqual({ name, same: true });
  });

  it('with few questions for a huge value, since each of them costs the database server the whole of it', async () => {
    const asked = async (): Promise<number> =>
      Number((await source.query("SHOW GLOBAL STATUS LIKE 'Com_select'"))[0]?.['Value']);
    const before = await asked();
    await collectRows(client.rows([readOf(tableOf('wp_giant'))], never));
    // WordPress itself asks for some; the four values of 9 to 15 MB would be 90 in pieces of 512 KB.
    expect((await asked()) - before).toBeLessThan(45);
  });

  it('in blocks that end between rows, but for a giant row, which comes in pieces', async () => {
    const blocks: RowBlock[] = [];
    for await (const block of client.rows([readOf(tableOf('wp_giant')), readOf(tableOf('wp_empty'))], never))
      blocks.push({ ...block, data: Buffer.from(block.data) });
    const partial = blocks.filter((block) => block.partial);
    expect(partial.length).toBeGreaterThan(20);
    expect(Math.max(...blocks.map(({ data }) => data.length))).toBeLessThan(4 << 20);
    for (const block of blocks.filter(({ data, partial: goesOn }) => data.length > 0 && !goesOn))
      expect(block.data.at(-1)).toBe(10);
    expect(blocks.reduce((sum, { rows }) => sum + rows, 0)).toBe(5);
    expect(blocks.filter(({ last }) => last).map(({ table, rows }) => [table, rows])).toEqual([
      ['wp_giant', 0],
      ['wp_empty', 0],
    ]);
  });

  /** Every row's key (for few rows) or some (for many), with the bytes that come after that row. */
  async function cursorsOf(table: TableInfo, whole: Buffer): Promise<{ after: string[]; rest: Buffer }[]> {
    const expressions = (table.key ?? []).map((column) => {
      const type = table.columns.find(({ name }) => name === column)?.type ?? '';
      const id = mysql.escapeId(column, true);
      return `TO_BASE64(${/^(enum|set|bit)/.test(type) ? `${id}+0` : id})`;
    });
    const order = (table.key ?? []).map((column) => mysql.escapeId(column, true)).join(', ');
    const keys = await source.query(
      `SELECT ${expressions.map((e, at) => `${e} AS k${at}`).join(', ')} FROM ${mysql.escapeId(table.name, true)} ORDER BY ${order}`,
    );
    const ends: number[] = [];
    for (let at = whole.indexOf(10); at >= 0; at = whole.indexOf(10, at + 1)) ends.push(at + 1);
    expect(ends).toHaveLength(keys.length);
    const step = Math.ceil(keys.length / 7);
    return keys.flatMap((row, at) =>
      at % step === 0 ? [{ after: Object.values(row).map(String), rest: whole.subarray(ends[at]) }] : [],
    );
  }
});

describe('a request that does not fit the table', () => {
  it('is refused', async () => {
    const table = readOf(tableOf('wp_when'));
    for (const bad of [
      { ...table, columns: ['d', 'nosuch'] },
      { ...table, key: ['v'] },
      { ...table, after: [Buffer.from("' OR 1=1 -- ").toString('base64'), Buffer.from('1').toString('base64')] },
      { ...table, after: [Buffer.from('2024-01-01').toString('base64')] },
    ]) {
      const error: unknown = await collectRows(client.rows([bad], never)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: expect.stringMatching(/^SOURCE_(CHANGED|FAILED)$/) as string });
    }
  });
});

describe('a reader that is slow', () => {
  it.each([
    ['a large table with a key', 'INT PRIMARY KEY', 1000],
    ['a table of some megabytes without a key', 'INT', 200],
  ])('does not keep the site from writing to %s whose engine locks all of it', async (_, id, rows) => {
    await source.query(`CREATE OR REPLACE TABLE wp_slow (id ${id}, x MEDIUMTEXT) ENGINE=MyISAM`);
    await source.query(`INSERT INTO wp_slow SELECT seq, REPEAT('x', 40000) FROM seq_1_to_${rows}`);
    const table = (await client.info(never)).tables.find(({ name }) => name === 'wp_slow');
    const stop = new AbortController();
    const blocks = client.rows(table ? [readOf(table)] : [], stop.signal)[Symbol.asyncIterator]();
    try {
      expect((await blocks.next()).done).toBe(false);
      const written = source.query('UPDATE wp_slow SET x = "y" WHERE id = 7').then(() => 'written');
      const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'still waiting'));
      expect(await Promise.race([written, late])).toBe('written');
    } finally {
      stop.abort();
      await blocks.next().catch(() => undefined);
    }
  });
});
