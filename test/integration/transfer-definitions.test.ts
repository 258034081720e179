import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../support/transfer.ts';

/** Definitions as MySQL 8 and 9 print them, given to the code and to the real MariaDB. */
let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

/** The definition of a table that the source has in another form. */
const defined = (name: string, definition: string) => ({ name, definition });

test('clauses that this server lacks are left out with its words, and nothing else is', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_chk (id int PRIMARY KEY, v varchar(200) DEFAULT 'x' COMMENT 'kept', w int DEFAULT 7, KEY w (w));
    INSERT INTO wp_chk VALUES (1, 'http://a', 2);
    CREATE TABLE wp_def (id int PRIMARY KEY, b binary(16)); INSERT INTO wp_def VALUES (1, UNHEX('000102030405060708090A0B0C0D0E0F'));
    CREATE TABLE wp_vec (id int PRIMARY KEY, v longblob); INSERT INTO wp_vec VALUES (1, UNHEX('0000803F00000040'));
    CREATE TABLE wp_gen (id int PRIMARY KEY, v int); INSERT INTO wp_gen VALUES (1, 2);`);
  const mysql = new Map(
    [
      defined(
        'wp_chk',
        "CREATE TABLE `wp_chk` (\n  `id` int NOT NULL,\n  `v` varchar(200) DEFAULT 'x' COMMENT 'kept',\n  `w` int DEFAULT '7',\n  PRIMARY KEY (`id`),\n  KEY `w` (`w`),\n  CONSTRAINT `c1` CHECK (regexp_like(`v`,_utf8mb4'^http')),\n  CONSTRAINT `c2` CHECK ((`w` > 0))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
      ),
      defined(
        'wp_def',
        'CREATE TABLE `wp_def` (\n  `id` int NOT NULL,\n  `b` binary(16) DEFAULT (uuid_to_bin(uuid())),\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB',
      ),
      defined(
        'wp_vec',
        'CREATE TABLE `wp_vec` (\n  `id` int NOT NULL,\n  `v` vector(2) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB',
      ),
      defined(
        'wp_gen',
        'CREATE TABLE `wp_gen` (\n  `id` int NOT NULL,\n  `v` int DEFAULT NULL,\n  `u` varchar(36) GENERATED ALWAYS AS (bin_to_uuid(`v`)) VIRTUAL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB',
      ),
    ].map((each) => [each.name, each.definition]),
  );
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: mysql.get(table.name) ?? table.definition,
        columns: table.columns.map((column) =>
          table.name === 'wp_vec' && column.name === 'v' ? { ...column, type: 'vector(2)' } : column,
        ),
      })),
    }),
  });
  const said = warnings.map(({ message }) => message).join('\n');
  expect(said).toMatch(/wp_chk: CONSTRAINT `c1` CHECK .* left out: .*regexp_like/);
  expect(said).toMatch(/wp_def: DEFAULT \(uuid_to_bin\(uuid\(\)\)\) left out: /);
  expect(said).toMatch(/wp_vec: `v` vector\(2\) became `v` longblob: /);
  expect(said).toMatch(/wp_gen: GENERATED ALWAYS AS .* left out: /);
  expect(warnings).toHaveLength(4);
  const [made] = await pair.inTarget('SHOW CREATE TABLE wp_chk');
  expect(made?.['Create Table']).toMatch(/COMMENT 'kept'[\s\S]*DEFAULT 7[\s\S]*KEY `w`[\s\S]*CONSTRAINT `c2`/);
  expect(await pair.inTarget('SELECT HEX(b) AS b FROM wp_def')).toEqual([{ b: '000102030405060708090A0B0C0D0E0F' }]);
  expect(await pair.inTarget('SELECT HEX(v) AS v FROM wp_vec')).toEqual([{ v: '0000803F00000040' }]);
  await pair.reset();
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_chk')).toEqual([{ n: 1 }]);
});

test('a collation that does not fill up with blanks stays one, and each is told of once', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_a (id int PRIMARY KEY, b varchar(50) COLLATE utf8mb4_nopad_bin, UNIQUE KEY b (b));
    INSERT INTO wp_a VALUES (1, 'a'), (2, 'a ');
    CREATE TABLE wp_b (b varchar(50) COLLATE utf8mb4_nopad_bin PRIMARY KEY); INSERT INTO wp_b VALUES ('x'), ('x ');`);
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: table.definition.replaceAll('utf8mb4_nopad_bin', 'utf8mb4_0900_bin'),
      })),
    }),
  });
  expect(warnings).toEqual([
    { code: 'COLLATION_MAPPED', message: 'This server has no utf8mb4_0900_bin; utf8mb4_nopad_bin is used instead.' },
  ]);
  expect(await pair.inTarget('SELECT (SELECT COUNT(*) FROM wp_a) AS a, (SELECT COUNT(*) FROM wp_b) AS b')).toEqual([
    { a: 2, b: 2 },
  ]);
});

test('an excluded table needs no definition: what the server says of it is told', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_old (id int PRIMARY KEY); CREATE TABLE wp_posts (id int PRIMARY KEY); INSERT INTO wp_posts VALUES (1);`);
  const info = ({ tables }: { tables: readonly { name: string }[] }) => ({
    tables: tables.map((table) =>
      table.name === 'wp_old'
        ? { ...table, definition: '', columns: [], problem: "Incorrect key file for table 'wp_old' (error 1034)" }
        : table,
    ) as never,
  });
  await expect(pair.copy({ info })).rejects.toMatchObject({
    code: 'TABLE_FAILED',
    message: expect.stringMatching(/wp_old.*1034.*REPAIR TABLE/) as unknown,
    details: { table: 'wp_old' },
  });
  const { warnings, tables } = await pair.copy({ info, task: { excludeTables: ['old'] } });
  expect(tables).toBe(1);
  expect(warnings).toMatchObject([
    { code: 'DATABASE_FEATURE_DROPPED', message: expect.stringMatching(/wp_old was left out.*1034/) as unknown },
  ]);
  await pair.reset();
  expect(await pair.inTarget('SHOW TABLES')).toHaveLength(1);
});

test('a system-versioned table comes with its current rows and goes on keeping old ones', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_v (id int PRIMARY KEY, t varchar(40)) WITH SYSTEM VERSIONING; INSERT INTO wp_v VALUES (1, 'a'); UPDATE wp_v SET t = 'b';
    CREATE TABLE wp_e (id int PRIMARY KEY, t int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END,
      PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING; INSERT INTO wp_e (id, t) VALUES (1, 5);
    CREATE TABLE wp_p (id int, f date NOT NULL, u date NOT NULL, PERIOD FOR booked (f, u), UNIQUE KEY k (id, booked WITHOUT OVERLAPS)); INSERT INTO wp_p VALUES (1, '2020-01-01', '2020-02-01');`);
  const { warnings } = await pair.copy();
  expect(warnings.map(({ message }) => message).filter((message) => message.includes('history'))).toHaveLength(2);
  expect(await pair.inTarget('SELECT id, t FROM wp_v')).toEqual([{ id: 1, t: 'b' }]);
  await pair.inTarget("UPDATE wp_v SET t = 'c'");
  expect(await pair.inTarget('SELECT t FROM wp_v FOR SYSTEM_TIME ALL ORDER BY t')).toEqual([{ t: 'b' }, { t: 'c' }]);
  const [source, target] = await pair.both('SHOW CREATE TABLE wp_p');
  expect(target).toEqual(source);
  expect(await pair.inTarget('SELECT id, t FROM wp_e')).toEqual([{ id: 1, t: 5 }]);
});

test('values that hold an address in base64 are counted by their column', async () => {
  const pair = await playground.pair(
    `CREATE TABLE wp_t (id int PRIMARY KEY, v text, w text); INSERT INTO wp_t VALUES (1, TO_BASE64('see https://old.example/x'), 'x'), (2, TO_BASE64('{"u":"https://old.example"}'), TO_BASE64('old.example'));`,
  );
  const { warnings } = await pair.copy();
  expect(warnings).toEqual([
    {
      code: 'BASE64_ADDRESS',
      message: 'wp_t.v: 2 values hold an address of the site in base64; they were left as they are.',
    },
  ]);
});

test('a value that the server changes and a row that it refuses are told of with key, column and reason', async () => {
  const pair = await playground.pair(
    `CREATE TABLE wp_t (id int PRIMARY KEY, v text, n text); INSERT INTO wp_t VALUES (1, 'abc', '1'), (7, 'a\\tb', '2'), (9, 'abcdef', 'x'), (10, 'z', '3');
     CREATE TABLE wp_u (id int PRIMARY KEY AUTO_INCREMENT, v varchar(9) COLLATE utf8mb4_bin UNIQUE); INSERT INTO wp_u VALUES (1, 'a'), (2, 'A');`,
  );
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: table.definition
          .replace('`v` text', '`v` varchar(4)')
          .replace('`n` text', '`n` int')
          .replace('utf8mb4_bin', 'utf8mb4_general_ci'),
      })),
    }),
  });
  expect(warnings.map(({ code, message }) => `${code} ${message}`).toSorted()).toEqual([
    expect.stringMatching(
      /^VALUES_REFUSED wp_t: 2 values could not be kept as they were \(id=9: Data truncated for column 'v' at row 3; id=9: Incorrect integer value: 'x' for column .*`n` at row 3\)\.$/,
    ),
    "VALUES_REFUSED wp_u: 1 rows were left out (Duplicate entry 'A' for key 'v').",
  ]);
});

test('text in a character set that only MySQL has is converted, with a warning', async () => {
  const pair = await playground.pair(
    `CREATE TABLE wp_t (id int PRIMARY KEY, v varbinary(90), w varbinary(9)); INSERT INTO wp_t VALUES (1, CONCAT(x'D6D0CEC48135F4378139EF30', ' https://old.example/'), NULL), (2, 'abc', x'D6D0');`,
  );
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: table.definition
          .replaceAll(/varbinary\((\d+)\)/g, 'varchar($1) CHARACTER SET gb18030 COLLATE gb18030_chinese_ci')
          .replaceAll('utf8mb4_general_ci', 'gb18030_chinese_ci')
          .replaceAll('CHARSET=utf8mb4', 'CHARSET=gb18030'),
        columns: table.columns.map((column) => (column.name === 'id' ? column : { ...column, charset: 'gb18030' })),
      })),
    }),
  });
  expect(warnings.map(({ code }) => code)).toEqual(['COLLATION_MAPPED', 'COLLATION_MAPPED']);
  const rows = await pair.inTarget('SELECT v, w FROM wp_t ORDER BY id');
  const text = new TextDecoder('gb18030').decode(Buffer.from('D6D0CEC48135F4378139EF30', 'hex'));
  expect(rows).toEqual([
    { v: `${text} http://localhost:8101/`, w: null },
    { v: 'abc', w: '中' },
  ]);
});

test('the empty value of an ENUM, which is none of its list, is kept and not told of; what is refused beside it is', async () => {
  const pair = await playground.pair(`
    SET sql_mode = '';
    CREATE TABLE wp_bare (e enum('a','b'), n int, u varchar(16)); INSERT INTO wp_bare VALUES ('', 1, ''), ('a', 2, ''), ('', 3, 'http://old.example'), (NULL, 4, '');
    CREATE TABLE wp_many (id int PRIMARY KEY AUTO_INCREMENT, e enum('it''s','B') NOT NULL, f enum('','x') NOT NULL); INSERT INTO wp_many (e, f) SELECT '', '' FROM seq_1_to_200;
    CREATE TABLE wp_both (id int PRIMARY KEY AUTO_INCREMENT, e enum('a'), u varchar(18)); INSERT INTO wp_both (e, u) SELECT '', IF(seq = 70, 'http://old.example', '') FROM seq_1_to_100;`);
  const { warnings } = await pair.copy({ info: () => ({ home: 'http://old.example', siteurl: 'http://old.example' }) });
  expect(warnings.filter(({ code }) => code === 'VALUES_REFUSED').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^wp_both: 1 values could not be kept as they were/),
  ]);
  for (const [table, rows] of [
    ['wp_bare', 2],
    ['wp_many', 200],
    ['wp_both', 100],
  ] as const)
    expect(await pair.inTarget(`SELECT COUNT(*) AS n FROM ${table} WHERE e = 0`)).toEqual([{ n: rows }]);
});
