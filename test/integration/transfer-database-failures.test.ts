import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WpcloneError } from '../../src/shared/errors.ts';
import { importDatabase } from '../../src/transfer/transfer.ts';
import { directClient } from '../support/direct-client.ts';
import { describeSchema, siteInfo } from '../support/site-info.ts';
import { makeTemp, run } from '../support/temp.ts';
import { checksums, startPlayground, type CopyOptions, type Playground, type SchemaPair } from '../support/transfer.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

const ROWS = `
  CREATE TABLE wp_t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v varchar(200), KEY v (v));
  INSERT INTO wp_t (v) SELECT REPEAT(seq, 20) FROM seq_1_to_20000;`;

const withDefinition = (change: (definition: string) => string): CopyOptions => ({
  info: ({ tables }) => ({ tables: tables.map((table) => ({ ...table, definition: change(table.definition) })) }),
});

/** Sessions of the clone's user: none may be left. */
const sessions = async (pair: SchemaPair): Promise<number> => {
  const rows = await playground.server.query(
    `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${pair.target}'`,
  );
  return rows.length;
};

test('a definition cannot reach outside of its table', async () => {
  const pair = await playground.pair(
    'CREATE TABLE wp_t (id int PRIMARY KEY); CREATE TABLE wp_victim (id int PRIMARY KEY);',
  );
  const hostile = [
    'CREATE TABLE `wp_t` (`id` int); DROP TABLE wp_victim',
    'CREATE TABLE `wp_other` (`id` int)',
    'DROP TABLE `wp_t`',
    'CREATE TABLE `wp_t` AS SELECT * FROM mysql.user',
    'CREATE TABLE `wp_t` LIKE mysql.user',
    'CREATE TABLE `mysql`.`wp_t` (`id` int)',
    'CREATE TABLE `wp_t` (`id` int',
  ];
  for (const definition of hostile) {
    const copied = pair.copy(withDefinition((own) => (own.includes('wp_t') ? definition : own)));
    await expect(copied).rejects.toMatchObject({ code: 'TABLE_FAILED' });
  }
});

test('what a definition hides from us behind two dashes does not come to light at the server', async () => {
  const pair = await playground.pair('CREATE TABLE wp_t (id int PRIMARY KEY); INSERT INTO wp_t VALUES (1);');
  for (const dashes of ['--\n', '--\r', '--\u0001']) {
    const hidden = `CREATE TABLE \`wp_t\` (\`id\` int ${dashes}'\n, smuggled int) UNION=(wp_t -- '\n)`;
    await expect(pair.copy(withDefinition(() => hidden))).rejects.toBeInstanceOf(WpcloneError);
    expect(await pair.inTarget("SHOW COLUMNS FROM wp_t LIKE 'smuggled'").catch(() => [])).toEqual([]);
  }
});

test('folders, connections and encryption named in a definition are left out', async () => {
  const pair = await playground.pair('CREATE TABLE wp_t (id int PRIMARY KEY); INSERT INTO wp_t VALUES (1);');
  const folder = makeTemp('outside');
  await pair.copy(
    withDefinition(
      (own) =>
        `${own} DATA DIRECTORY='${folder}' INDEX DIRECTORY='${folder}' /*!50100 TABLESPACE \`ts\` STORAGE DISK */ ENCRYPTION='Y' ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 CONNECTION='mysql://a@b/c' UNION=(\`x\`)
/*!50100 PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10) DATA DIRECTORY = '${folder}') */`,
    ),
  );
  const [row] = await pair.inTarget('SHOW CREATE TABLE wp_t');
  expect(row?.['Create Table']).not.toMatch(/DIRECTORY|TABLESPACE|ENCRYPTION|CONNECTION|COMPRESSED|PARTITION/);
  expect(existsSync(join(folder, pair.target))).toBe(false);
});

test('a table that this server cannot have names itself and what to do', async () => {
  const pair = await playground.pair('CREATE TABLE wp_t (id int PRIMARY KEY);');
  const failed = await pair
    .copy(withDefinition((own) => own.replace('int(11)', 'vector(3)')))
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'DATABASE_FEATURE_MISSING', details: { table: 'wp_t' } });
  expect(failed instanceof WpcloneError && failed.nextSteps[0]).toContain('--exclude-table wp_t');
});

test('a key that this server lacks is left out with a warning', async () => {
  const pair = await playground.pair(
    'CREATE TABLE wp_t (id int PRIMARY KEY, v varchar(20)); INSERT INTO wp_t VALUES (1, "x");',
  );
  const { warnings } = await pair.copy(
    withDefinition((own) =>
      own.replace(
        'PRIMARY KEY (`id`)',
        'PRIMARY KEY (`id`),\n  KEY `low` ((lower(`v`))),\n  FULLTEXT KEY `ft` (`v`) /*!50100 WITH PARSER `ngram` */',
      ),
    ),
  );
  expect(warnings).toMatchObject([
    { message: expect.stringContaining('PARSER') },
    { message: expect.stringContaining('low') },
  ]);
  expect(await pair.inTarget("SHOW KEYS FROM wp_t WHERE Key_name = 'ft'")).toHaveLength(1);
});

test('of two tables that this server takes for one, the one that WordPress asks for is copied and the other named', async () => {
  const blind = await startPlayground(['--lower-case-table-names=1']);
  onTestFinished(() => blind.stop());
  const pair = await blind.pair('CREATE TABLE wp_posts (id int PRIMARY KEY); INSERT INTO wp_posts VALUES (1);');
  const { warnings } = await pair.copy({
    info: ({ tables }) => ({ tables: [...tables.map((table) => ({ ...table, name: 'wp_Posts' })), ...tables] }),
  });
  expect(warnings).toEqual([{ code: 'TABLE_NAME_CASE', message: expect.stringContaining('wp_Posts was left out') }]);
  expect(await pair.inTarget('SELECT id FROM wp_posts')).toHaveLength(1);
});

test('cancelling ends at once, leaves no session, and the next try starts clean', async () => {
  const pair = await playground.pair(ROWS);
  const controller = new AbortController();
  let blocks = 0;
  const cancelled = pair.copy({
    blockBytes: 50_000,
    context: { signal: controller.signal },
    beforeBlock: () => {
      blocks += 1;
      if (blocks === 5) controller.abort();
    },
  });
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => sessions(pair)).toBe(0);
  await pair.copy();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
});

test('a lost connection to the clone’s database is a failure that may be tried again', async () => {
  const pair = await playground.pair(ROWS);
  let killed = false;
  const failed = pair.copy({
    blockBytes: 50_000,
    beforeBlock: async () => {
      if (killed) return;
      killed = true;
      const rows = await playground.server.query(
        `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${pair.target}'`,
      );
      for (const { ID } of rows) await playground.server.query(`KILL ${Number(ID)}`);
    },
  });
  await expect(failed).rejects.toMatchObject({ code: 'DATABASE_FAILED', retryable: true });
  await pair.copy();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
});

test('a wrong password says so without naming it', async () => {
  const pair = await playground.pair(ROWS);
  const info = siteInfo(await describeSchema(playground.server, pair.source));
  const failed = await importDatabase({
    client: directClient({ socket: playground.server.socket, database: pair.source, info }),
    task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800 },
    site: { ...pair.site, database: { ...pair.site.database, password: 'not-this-one' } },
    rewriter: createRewriter({ from: [], to: [], paths: [] }),
    context: { signal: new AbortController().signal, progress: () => undefined },
    now: Date.now,
    randomBytes,
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'DATABASE_FAILED', retryable: false });
  expect(String(failed)).not.toContain('not-this-one');
});

test('a table without a key whose reading is cut starts over, and gives up in the end', async () => {
  const pair = await playground.pair(
    'CREATE TABLE wp_t (v varchar(200)); INSERT INTO wp_t SELECT seq FROM seq_1_to_5000; CREATE TABLE wp_u (id int PRIMARY KEY); INSERT INTO wp_u VALUES (1);',
  );
  const cut = new WpcloneError('TABLE_WITHOUT_KEY', 'cut', { retryable: true });
  let cuts = 2;
  const onBlock = ({ table, last }: { table: string; last: boolean }): void => {
    if (table === 'wp_t' && last && cuts-- > 0) throw cut;
  };
  const { rows } = await pair.copy({ blockBytes: 1000, beforeBlock: onBlock });
  expect(rows).toBe(5001);
  expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_t')).toMatchObject([{ n: 5000 }]);
  await pair.reset();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
  cuts = 3;
  await expect(pair.copy({ blockBytes: 1000, beforeBlock: onBlock })).rejects.toMatchObject({
    code: 'TABLE_WITHOUT_KEY',
  });
});

test('a disk that is full for the baseline is DISK_FULL and names the place', async () => {
  const pair = await playground.pair(ROWS);
  const mount = makeTemp('full');
  await run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  onTestFinished(async () => void (await run(['umount', '-l', mount])));
  mkdirSync(join(mount, 'baseline'));
  const small = { ...pair, site: { ...pair.site, paths: { ...pair.site.paths, baseline: join(mount, 'baseline') } } };
  const info = siteInfo(await describeSchema(playground.server, pair.source));
  const failed = importDatabase({
    client: directClient({ socket: playground.server.socket, database: pair.source, info, blockBytes: 100_000 }),
    task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800 },
    site: small.site,
    rewriter: createRewriter({ from: [], to: [], paths: [] }),
    context: { signal: new AbortController().signal, progress: () => undefined },
    now: Date.now,
    randomBytes,
  });
  await expect(failed).rejects.toMatchObject({ code: 'DISK_FULL', details: { path: join(mount, 'baseline', 'db') } });
});

test('a disk that is full for the database is DISK_FULL', async () => {
  const mount = makeTemp('full-db');
  await run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount]);
  onTestFinished(async () => void (await run(['umount', '-l', mount])));
  const pair = await playground.pair(
    `${ROWS} CREATE TABLE wp_big (id int PRIMARY KEY, v longtext); INSERT INTO wp_big SELECT seq, REPEAT('x', 10000) FROM seq_1_to_5000;`,
  );
  // The schema's own folder moves to the small disk: every table's file is made there.
  await playground.server.query(`DROP DATABASE ${pair.target}`);
  await run(['ln', '-s', mount, join(playground.server.folder, 'data', pair.target)]);
  await expect(pair.copy()).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('reset does not wait for somebody who has a transaction open in the clone', async () => {
  const pair = await playground.pair(ROWS);
  await pair.copy();
  const { socketPath, user, password, database } = pair.site.database;
  const somebody = await createConnection({ socketPath, user, password, database });
  onTestFinished(() => somebody.destroy());
  somebody.on('error', () => undefined);
  await somebody.query('START TRANSACTION');
  await somebody.query('SELECT COUNT(*) FROM wp_t');
  await pair.reset();
  await expect(somebody.query('SELECT 1')).rejects.toThrow();
  expect(await checksums(playground.server, pair.target)).toEqual(await checksums(playground.server, pair.source));
});

test('reset drops what was made since and brings back what was changed', async () => {
  const pair = await playground.pair(`${ROWS} CREATE TABLE wp_gone (id int PRIMARY KEY); INSERT INTO wp_gone VALUES (1);
    CREATE TABLE wp_child (id int PRIMARY KEY, p int, CONSTRAINT fk FOREIGN KEY (p) REFERENCES wp_gone (id)); INSERT INTO wp_child VALUES (1, 1);
    CREATE VIEW wp_v AS SELECT id FROM wp_t; CREATE TRIGGER wp_tr BEFORE INSERT ON wp_t FOR EACH ROW SET NEW.v = 'triggered';`);
  await pair.copy();
  const before = await checksums(playground.server, pair.target);
  await pair.inTarget("UPDATE wp_t SET v = 'changed'");
  await pair.inTarget('DROP TABLE wp_child');
  await pair.inTarget('DROP TABLE wp_gone');
  await pair.inTarget('DROP VIEW wp_v');
  await pair.inTarget('CREATE TABLE added (id int)');
  await pair.inTarget('CREATE VIEW wp_added AS SELECT 1 AS one');
  await pair.inTarget('CREATE PROCEDURE p() SELECT 1');
  await pair.inTarget('CREATE FUNCTION f() RETURNS int RETURN 1');
  await pair.inTarget('CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1');
  await pair.inTarget('CREATE SEQUENCE s');
  await pair.reset();
  expect(await checksums(playground.server, pair.target)).toEqual(before);
  expect(
    await pair.inTarget(`SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${pair.target}'`),
  ).toHaveLength(4);
  const rest = `(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${pair.target}') AS routines,
    (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '${pair.target}') AS events,
    (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '${pair.target}') AS triggers`;
  expect(await pair.inTarget(`SELECT ${rest}`)).toMatchObject([{ routines: 0, events: 0, triggers: 1 }]);
  await expect(pair.inTarget('INSERT INTO wp_child VALUES (2, 77)')).rejects.toThrow(/foreign key/i);
});
