import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums, CLONE_URL, startPlayground, type Playground, type SchemaPair } from '../support/transfer.ts';

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

async function expectSame(pair: SchemaPair): Promise<void> {
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
}

test('text that looks like a number stays text', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, v varchar(50), l longtext);
    INSERT INTO wp_t VALUES (1, '+15551234567', '1e5'), (2, '007', '0x1F'), (3, '', 'NULL'), (4, NULL, '\\\\N');`);
  await pair.copy();
  await expectSame(pair);
  expect((await pair.inTarget('SELECT v, l FROM wp_t ORDER BY id')).map((row) => ({ ...row }))).toEqual([
    { v: '+15551234567', l: '1e5' },
    { v: '007', l: '0x1F' },
    { v: '', l: 'NULL' },
    { v: null, l: '\\N' },
  ]);
});

test('control characters, quotes and backslashes come through', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, v longblob);
    INSERT INTO wp_t VALUES (1, UNHEX('000102030708090A0B0C0D1A1B22275C5C5CFF7F80')), (2, CONCAT('a', CHAR(9), 'b', CHAR(10), 'c', CHAR(13,10), '\\\\', CHAR(9)));`);
  await pair.copy();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
});

test('4-byte characters, and UTF-8 bytes in a latin1 column, keep their bytes', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, a varchar(50), b varchar(50) CHARACTER SET latin1, c varchar(50) CHARACTER SET utf8mb3,
      d varchar(50) CHARACTER SET cp1251, e varchar(50) CHARACTER SET utf16, f varchar(50) CHARACTER SET gbk, g char(10) CHARACTER SET ucs2);
    INSERT INTO wp_t VALUES (1, '🖖 ünïcode', CONVERT(UNHEX('C3BC E29082') USING latin1), 'größe', 'привет', '🖖x', '中文', 'ab');
    UPDATE wp_t SET b = _binary x'C3BC';`);
  await pair.copy();
  await expectSame(pair);
  expect(await pair.inTarget('SELECT HEX(b) AS b FROM wp_t')).toMatchObject([{ b: 'C3BC' }]);
});

test('zero, partial and impossible dates survive a strict server', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, a datetime NOT NULL DEFAULT '0000-00-00 00:00:00', b date, c timestamp NULL, y year, t time(3));
    INSERT INTO wp_t VALUES (1, '0000-00-00 00:00:00', '2020-00-00', '2021-03-28 02:30:00', 0, '-12:34:56.789'), (2, '2020-02-31 10:00:00', '2020-11-00', NULL, 1999, NULL);`);
  await pair.copy();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
});

test('an id of 0 stays 0, and without a gap the next id is the one of the source', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, v int) AUTO_INCREMENT=5000;
    INSERT INTO wp_t VALUES (0, 1), (7, 2);`);
  await pair.copy({ task: { idGap: 0 } });
  await expectSame(pair);
  await pair.inTarget('INSERT INTO wp_t (v) VALUES (3)');
  expect(await pair.inTarget('SELECT MAX(id) AS id FROM wp_t')).toMatchObject([{ id: 5000 }]);
});

test('a collation of MySQL 8 is mapped to the nearest there is, with a warning', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, v varchar(50) COLLATE utf8mb4_bin, KEY v (v)) DEFAULT CHARSET=utf8mb4;
    INSERT INTO wp_t VALUES (1, 'a'), (2, 'A');`);
  const result = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: table.definition
          .replace('COLLATE utf8mb4_bin', 'COLLATE utf8mb4_0900_as_cs')
          .replace('COLLATE=utf8mb4_general_ci', 'COLLATE=utf8mb4_0900_ai_ci'),
      })),
    }),
  });
  expect(result.warnings.map(({ code }) => code)).toEqual(['COLLATION_MAPPED', 'COLLATION_MAPPED']);
  expect(await pair.inTarget("SELECT id FROM wp_t WHERE v = 'a'")).toMatchObject([{ id: 1 }]);
});

test('a character set that no server here has stops the clone with its own code', async () => {
  const pair = await playground.pair('CREATE TABLE wp_t (id int PRIMARY KEY, v varchar(50)) DEFAULT CHARSET=utf8mb4;');
  const copied = pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) => ({
        ...table,
        definition: table.definition.replaceAll(/utf8mb4(_general_ci)?/g, (name) => name.replace('utf8mb4', 'klingon')),
      })),
    }),
  });
  await expect(copied).rejects.toMatchObject({ code: 'COLLATION_UNKNOWN' });
});

test('generated columns are computed again; BIT, SET, ENUM, spatial, JSON and the largest numbers keep their value', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id bigint unsigned PRIMARY KEY, a bit(10), b bit(1), s set('x','y','z'), e enum('p','q'), g geometry, pt point NOT NULL, j json,
      d decimal(65,30), f double, fl float, twice bigint GENERATED ALWAYS AS (f * 2) STORED, v varchar(20) GENERATED ALWAYS AS (concat('n', f)) VIRTUAL, SPATIAL KEY pt (pt));
    INSERT INTO wp_t (id, a, b, s, e, g, pt, j, d, f, fl) VALUES
      (18446744073709551615, b'1000001001', b'0', 'x,z', 'q', ST_GeomFromText('LINESTRING(0 0,1 1)'), POINT(1,2), '{"a":{}}', 1.000000000000000000000000000001, 1.5e300, 0.5),
      (1, b'0', b'1', '', 0, NULL, POINT(9,10), '[]', -0.1, 0, 1);`);
  await pair.copy();
  await expectSame(pair);
  const [source, target] = await pair.both('SELECT *, e + 0 AS e_index FROM wp_t ORDER BY id');
  expect(target).toEqual(source);
});

test('circular foreign keys are there and checked afterwards', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_a (id int PRIMARY KEY, b int, KEY b (b));
    CREATE TABLE wp_b (id int PRIMARY KEY, a int, KEY a (a), CONSTRAINT wp_b_a FOREIGN KEY (a) REFERENCES wp_a (id) ON DELETE CASCADE);
    ALTER TABLE wp_a ADD CONSTRAINT wp_a_b FOREIGN KEY (b) REFERENCES wp_b (id);
    INSERT INTO wp_a VALUES (1, 2); INSERT INTO wp_b VALUES (2, 1);`);
  const { warnings } = await pair.copy();
  expect(warnings).toEqual([]);
  await expectSame(pair);
  await expect(pair.inTarget('INSERT INTO wp_b VALUES (3, 99)')).rejects.toThrow(/foreign key/i);
});

test('a foreign key to a table that is not copied is left out with a warning', async () => {
  const pair = await playground.pair(`
    CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1);
    CREATE TABLE wp_b (id int PRIMARY KEY, a int, CONSTRAINT c FOREIGN KEY (a) REFERENCES other (id)); INSERT INTO wp_b VALUES (1, 1);`);
  const { warnings } = await pair.copy();
  expect(warnings).toMatchObject([{ code: 'DATABASE_FEATURE_DROPPED' }]);
  expect(await pair.inTarget('SHOW TABLES')).toHaveLength(1);
});

test('views come after the tables and views they need; triggers come last and do not fire while rows are loaded', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id int PRIMARY KEY, v int); CREATE TABLE wp_log (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v int);
    INSERT INTO wp_t VALUES (1, 10), (2, 20);
    CREATE VIEW wp_z AS SELECT id, v FROM wp_t; CREATE VIEW wp_a AS SELECT SUM(v) AS total FROM wp_z;
    DELIMITER //
    CREATE DEFINER=\`nobody\`@\`nowhere\` TRIGGER wp_tr AFTER INSERT ON wp_t FOR EACH ROW BEGIN INSERT INTO wp_log (v) VALUES (NEW.v); INSERT INTO wp_log (v) VALUES (-NEW.v); END//
    DELIMITER ;`);
  const { warnings } = await pair.copy();
  expect(warnings).toEqual([]);
  expect(await pair.inTarget('SELECT total FROM wp_a')).toMatchObject([{ total: '30' }]);
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_log')).toMatchObject([{ n: 0 }]);
  await pair.inTarget('INSERT INTO wp_t VALUES (3, 30)');
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_log')).toMatchObject([{ n: 2 }]);
});

test('a row above max_allowed_packet is loaded', async () => {
  const small = await startPlayground(['--max-allowed-packet=1M']);
  try {
    const pair = await small.pair(
      'CREATE TABLE wp_t (id int PRIMARY KEY, v longtext); INSERT INTO wp_t VALUES (1, "x");',
    );
    await pair.inSource('UPDATE wp_t SET v = REPEAT("y", 1000000)');
    for (let doubled = 0; doubled < 4; doubled += 1)
      await pair.inSource('INSERT INTO wp_t SELECT id + 1, v FROM wp_t ORDER BY id DESC LIMIT 1');
    const info = await pair.copy({ blockBytes: 300_000 });
    expect(info.rows).toBe(5);
    expect(await checksums(small.server, pair.target)).toEqual(await checksums(small.server, pair.source));
  } finally {
    await small.stop();
  }
});

test('a row of 40 MB is loaded, and rewritten, in one piece', async () => {
  const pair = await playground.pair('CREATE TABLE wp_t (id int PRIMARY KEY, v longtext);');
  await pair.inSource("INSERT INTO wp_t VALUES (1, CONCAT(REPEAT('z', 40000000), ' https://old.example/a'))");
  const result = await pair.copy();
  expect(result.urlsRewritten).toBe(1);
  expect(await pair.inTarget('SELECT LENGTH(v) AS n, RIGHT(v, 23) AS tail FROM wp_t')).toMatchObject([
    { n: 40_000_000 + 1 + CLONE_URL.length + 2, tail: `${CLONE_URL}/a` },
  ]);
});

test('tables without a key keep their duplicate rows, and are told of', async () => {
  const pair = await playground.pair(
    'CREATE TABLE wp_t (v varchar(10)); INSERT INTO wp_t VALUES ("a"), ("a"), (NULL), (NULL), ("b");',
  );
  const { warnings } = await pair.copy();
  expect(warnings).toMatchObject([{ code: 'TABLE_WITHOUT_KEY' }]);
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_t')).toMatchObject([{ n: 5 }]);
  await expectSame(pair);
});

test('odd names and reserved words work everywhere', async () => {
  const pair = await playground.pair(`
    CREATE TABLE \`wp-foo\` (\`select\` int, \`a\`\`b\` varchar(20), \`with space\` int, PRIMARY KEY (\`select\`), KEY \`key\` (\`a\`\`b\`), FULLTEXT KEY ft (\`a\`\`b\`)) COMMENT='it''s; a "test" -- /* x */';
    INSERT INTO \`wp-foo\` VALUES (1, 'x', 2);
    CREATE TABLE \`wp-order\` (\`group\` int PRIMARY KEY); INSERT INTO \`wp-order\` VALUES (1);`);
  const { warnings } = await pair.copy({ info: () => ({ tablePrefix: 'wp-' }) });
  expect(warnings).toEqual([]);
  await expectSame(pair);
  const [source, target] = await pair.both('SHOW CREATE TABLE `wp-foo`');
  expect(target).toEqual(source);
});

test('of two sites in one schema only one is copied, and the other is told of', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_options (option_id int PRIMARY KEY); CREATE TABLE wp_shop_options (option_id int PRIMARY KEY); CREATE TABLE blog_options (option_id int PRIMARY KEY);`);
  const { warnings } = await pair.copy({ info: () => ({ otherPrefixes: ['wp_shop_'] }) });
  expect(warnings).toMatchObject([{ code: 'OTHER_SITE_IN_DATABASE' }]);
  expect(Object.keys(await checksums(playground.server, pair.target))).toEqual(['wp_options']);
});

test('an excluded table is there without its rows, and a pattern that fits no table is told of', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_log_a (id int PRIMARY KEY); INSERT INTO wp_log_a VALUES (1);
    CREATE TABLE wp_b (id int PRIMARY KEY); INSERT INTO wp_b VALUES (1);
    CREATE TABLE wp_c (id int PRIMARY KEY); INSERT INTO wp_c VALUES (1);`);
  const { asked, warnings } = await pair.copy({ task: { excludeTables: ['log_*', 'wp_b', 'wp_lgo'] } });
  const counts = await pair.inTarget(
    'SELECT (SELECT COUNT(*) FROM wp_log_a) AS a, (SELECT COUNT(*) FROM wp_b) AS b, (SELECT COUNT(*) FROM wp_c) AS c',
  );
  expect(counts).toMatchObject([{ a: 0, b: 0, c: 1 }]);
  expect(asked.tables.map(({ name }) => name)).toEqual(['wp_c']);
  expect(warnings).toEqual([{ code: 'EXCLUDE_UNMATCHED', message: expect.stringContaining('wp_lgo') as unknown }]);
});

test('addresses are rewritten, but not guid and user_pass', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_posts (ID int PRIMARY KEY, guid varchar(255), post_content longtext);
    CREATE TABLE wp_users (ID int PRIMARY KEY, user_pass varchar(255), user_url varchar(100));
    CREATE TABLE wp_x (guid varchar(255));
    INSERT INTO wp_posts VALUES (1, 'https://old.example/?p=1', 'see https://old.example/x and "http:\\\\/\\\\/old.example\\\\/y"');
    INSERT INTO wp_users VALUES (1, 'https://old.example/', 'https://old.example/me'); INSERT INTO wp_x VALUES ('https://old.example/?p=1');`);
  const { urlsRewritten } = await pair.copy();
  expect(urlsRewritten).toBe(4);
  expect(await pair.inTarget('SELECT guid, post_content FROM wp_posts')).toMatchObject([
    {
      guid: 'https://old.example/?p=1',
      post_content: `see ${CLONE_URL}/x and "${CLONE_URL.replaceAll('/', '\\/')}\\/y"`,
    },
  ]);
  expect(await pair.inTarget('SELECT user_pass, user_url FROM wp_users')).toMatchObject([
    { user_pass: 'https://old.example/', user_url: `${CLONE_URL}/me` },
  ]);
});

test('rows that arrive while the site is copied are fetched afterwards', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_t (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, v varchar(50));
    INSERT INTO wp_t (v) VALUES ('a'), ('b'); CREATE TABLE wp_empty (id int NOT NULL AUTO_INCREMENT PRIMARY KEY);`);
  let added = false;
  const result = await pair.copy({
    beforeBlock: async ({ last }) => {
      if (added || !last) return;
      added = true;
      await pair.inSource("INSERT INTO wp_t (v) VALUES ('c https://old.example/')");
      await pair.inSource('INSERT INTO wp_empty VALUES (NULL), (NULL)');
    },
  });
  expect(await pair.inTarget('SELECT v FROM wp_t ORDER BY id')).toMatchObject([
    { v: 'a' },
    { v: 'b' },
    { v: `c ${CLONE_URL}/` },
  ]);
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_empty')).toMatchObject([{ n: 2 }]);
  expect(result.rows).toBe(5);
  await pair.reset();
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_t')).toMatchObject([{ n: 3 }]);
});

test('engines that a copy can have are kept, others become InnoDB: also MEMORY, whose rows go with the server', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_h (id int PRIMARY KEY, v varchar(9), KEY v (v) USING HASH) ENGINE=MEMORY; INSERT INTO wp_h VALUES (1, 'x');
    CREATE TABLE wp_m (id int PRIMARY KEY, v text, FULLTEXT KEY v (v), FULLTEXT KEY w (v)) ENGINE=MyISAM; INSERT INTO wp_m VALUES (1, 'x');
    CREATE TABLE wp_a (id int PRIMARY KEY) ENGINE=Aria; CREATE TABLE wp_x (id int PRIMARY KEY, v text, FULLTEXT KEY v (v), FULLTEXT KEY w (v)); INSERT INTO wp_x VALUES (1, 'x');`);
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({
      tables: tables.map((table) =>
        table.name === 'wp_x'
          ? {
              ...table,
              definition: `${table.definition.replace('ENGINE=InnoDB', 'ENGINE=FEDERATED')} CONNECTION='mysql://root@127.0.0.1/x/y'`,
            }
          : table,
      ),
    }),
  });
  expect(warnings.map(({ message }) => message)).toEqual([
    'wp_h: InnoDB is used instead of the engine MEMORY.',
    'wp_x: InnoDB is used instead of the engine FEDERATED.',
  ]);
  expect(await pair.inTarget("SELECT id FROM wp_h WHERE v = 'x'")).toMatchObject([{ id: 1 }]);
  const engines = await playground.server.query(
    `SELECT TABLE_NAME AS t, ENGINE AS e FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${pair.target}' ORDER BY 1`,
  );
  expect(engines.map(({ t, e }) => `${String(t)} ${String(e)}`)).toEqual([
    'wp_a Aria',
    'wp_h InnoDB',
    'wp_m MyISAM',
    'wp_x InnoDB',
  ]);
});
