import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectTarget } from '../../src/transfer/database/connection.ts';
import { startDifferences } from '../../src/transfer/database/differences.ts';
import { loadStatement } from '../../src/transfer/database/load.ts';
import type { TableFilesPlace } from '../../src/transfer/types.ts';
import { readMark } from '../../src/transfer/table-files/folder.ts';
import { markTables, settleMarks } from '../../src/transfer/table-files/mark.ts';
import { untouchedTables } from '../../src/transfer/table-files/untouched.ts';
import { never } from '../support/migrator.ts';
import { makeTemp, run } from '../support/temp.ts';
import { checksums, startPlayground, type Playground, type SchemaPair } from '../support/transfer.ts';

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

/** 5 MB of rows, which is large. */
const large = (name: string, more = '', engine = 'InnoDB'): string =>
  `CREATE TABLE ${name} (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, k varchar(50), t varchar(2000), KEY k (k)${more}) ENGINE=${engine};
   INSERT INTO ${name} (k, t) SELECT seq MOD 7, REPEAT(MD5(seq), 12) FROM seq_1_to_13000;`;

const placeOf = (pair: SchemaPair): TableFilesPlace => pair.site.tableFiles!;
const kept = (pair: SchemaPair): string[] => {
  const { kept: folder } = placeOf(pair);
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ibd')) : [];
};

/** A table that was imported has not been written to by any transaction. */
const imported = async (pair: SchemaPair): Promise<string[]> => {
  const rows = await pair.inTarget(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${pair.target}' AND UPDATE_TIME IS NULL AND TABLE_ROWS > 0 ORDER BY 1`,
  );
  return rows.map(({ name }) => String(name));
};

/** A copy whose large tables are marked: their loads began in an earlier second than that in which all was over. */
async function copied(setUp: string, tables = 1): Promise<{ pair: SchemaPair; before: Record<string, unknown> }> {
  const pair = await playground.pair(setUp);
  await pair.copy();
  const marked = async () => (await readMark(placeOf(pair)))?.tables.length ?? 0;
  while ((await marked()) < tables) await pair.reset();
  return { pair, before: await checksums(playground.server, pair.target) };
}

/** Resets until the load began in an earlier second than that in which it was over. */
async function untilKept(pair: SchemaPair): Promise<void> {
  for (await pair.keepTables(); kept(pair).length === 0; await pair.keepTables()) await pair.reset();
}

const spoil = (pair: SchemaPair, table = 'wp_posts') =>
  pair.inTarget(`UPDATE ${table} SET t = 'spoiled' WHERE ID < 100; `);

it('a reset imports what there are files of, loads the rest, and gives no ID twice', async () => {
  const { pair, before } = await copied(`${large('wp_posts')} ${large('wp_fulltext', ', FULLTEXT KEY f (k)')}
    ${large('wp_virtual', ', v varchar(10) AS (LEFT(t, 3)) VIRTUAL, KEY v (v)')} ${large('wp_myisam', '', 'MyISAM')} ${large('`wp_a-b`')}
    CREATE TABLE wp_small (ID int AUTO_INCREMENT PRIMARY KEY, post bigint unsigned, CONSTRAINT c FOREIGN KEY (post) REFERENCES wp_posts (ID));
    INSERT INTO wp_small (post) VALUES (1), (2)`);
  // The server's checksum of a virtual column is another each time.
  const sums = async () => ({ ...(await checksums(playground.server, pair.target)), wp_virtual: before['wp_virtual'] });
  const [definition] = await pair.inTarget('SHOW CREATE TABLE wp_posts');
  await pair.keepTables();
  expect(kept(pair)).toEqual(['wp_posts.ibd']);
  for (let round = 1; round <= 2; round++) {
    await spoil(pair);
    const [first] = await pair.inTarget("INSERT INTO wp_posts (t) VALUES ('mine') RETURNING ID");
    await pair.reset();
    expect(await imported(pair)).toContain('wp_posts');
    expect(await sums()).toEqual(before);
    expect(await pair.inTarget('SELECT COUNT(*) AS n FROM wp_virtual WHERE v = LEFT(t, 3)')).toEqual([{ n: 13_000 }]);
    const [second] = await pair.inTarget("INSERT INTO wp_posts (t) VALUES ('mine') RETURNING ID");
    expect(Number(second?.['ID'])).toBeGreaterThan(Number(first?.['ID']));
  }
  await pair.reset();
  const [now] = await pair.inTarget('SHOW CREATE TABLE wp_posts');
  const counted = / AUTO_INCREMENT=\d+/;
  expect(String(now?.['Create Table']).replace(counted, '')).toBe(
    String(definition?.['Create Table']).replace(counted, ''),
  );
  expect(readdirSync(placeOf(pair).data).filter((name) => name.endsWith('.cfg'))).toEqual([]);
});

it('what was changed before its files were made never becomes the baseline', async () => {
  const twins = `CREATE TABLE wp_one LIKE wp_posts; INSERT INTO wp_one SELECT * FROM wp_posts; CREATE TABLE wp_two LIKE wp_one; INSERT INTO wp_two SELECT ID, k, REVERSE(t) FROM wp_one;`;
  const { pair, before } = await copied(`${large('wp_posts')} ${twins} ${large('wp_new')} ${large('wp_altered')}`, 5);
  await pair.inTarget("SET STATEMENT timestamp = 1 FOR UPDATE wp_posts SET t = 'spoiled' WHERE ID = 3");
  await pair.inTarget('RENAME TABLE wp_one TO x, wp_two TO wp_one, x TO wp_two');
  await pair.inTarget('TRUNCATE wp_new');
  await pair.inTarget('ALTER TABLE wp_altered DROP KEY k');
  await pair.keepTables();
  expect(kept(pair)).toEqual([]);
  await pair.reset();
  expect(await checksums(playground.server, pair.target)).toEqual(before);
  // They are as they were again, and nobody has been here since.
  await untilKept(pair);
  await pair.reset();
  expect(await checksums(playground.server, pair.target)).toEqual(before);
});

it('a table that is being written to is left for another time, and its writer waits for nobody long', async () => {
  const { pair, before } = await copied(large('wp_posts'));
  const changes = "START TRANSACTION; UPDATE wp_posts SET k = 'x' WHERE ID = 1; DO SLEEP(4); ROLLBACK";
  const writer = playground.server.script(changes, pair.target);
  const sleeping = "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'";
  await expect.poll(() => playground.server.query(sleeping)).toHaveLength(1);
  await pair.keepTables();
  expect(kept(pair)).toEqual([]);
  await writer;
  await expect.poll(() => pair.keepTables().then(() => kept(pair))).toEqual(['wp_posts.ibd']);
  await pair.reset();
  expect(await checksums(playground.server, pair.target)).toEqual(before);
});

const DAMAGES: Record<string, (place: TableFilesPlace, path: (name: string) => string) => void> = {
  'a file that is cut off': (_, path) => truncateSync(path('wp_posts.ibd'), 3_000_000),
  'a byte that turned over': (_, path) => {
    const bytes = readFileSync(path('wp_posts.ibd'));
    bytes[2_000_000]! ^= 1;
    writeFileSync(path('wp_posts.ibd'), bytes);
  },
  'a missing definition': (_, path) => rmSync(path('wp_posts.cfg')),
  'another server’s files': (_, path) =>
    writeFileSync(path('index.json'), readFileSync(path('index.json'), 'utf8').replace(/1\d\.\d+/, '10.3')),
  'an index that is no index': (_, path) => writeFileSync(path('index.json'), '{"version":1'),
  'what an import left that was killed': ({ data }, path) => {
    writeFileSync(join(data, 'wp_posts.cfg'), 'x');
    writeFileSync(path('index.taken.json'), readFileSync(path('index.json')));
    rmSync(path('index.json'));
  },
};

it('whatever is wrong with the files costs nothing but time', async () => {
  const { pair, before } = await copied(large('wp_posts'));
  const uptime = async () => Number((await pair.inTarget("SHOW STATUS LIKE 'Uptime'"))[0]?.['Value']);
  const started = await uptime();
  for (const [what, damage] of Object.entries(DAMAGES)) {
    await untilKept(pair);
    damage(placeOf(pair), (name) => join(placeOf(pair).kept, name));
    await spoil(pair);
    await pair.reset();
    expect([what, await checksums(playground.server, pair.target)]).toEqual([what, before]);
    expect([what, await imported(pair)]).toEqual([what, []]);
  }
  await untilKept(pair);
  await pair.reset();
  expect(await imported(pair)).toEqual(['wp_posts']);
  expect(await uptime()).toBeGreaterThanOrEqual(started);
});

it('a reset that is cut off, or whose server is killed, is completed by the next', async () => {
  const { pair, before } = await copied(`${large('wp_posts')} ${large('wp_other')}`, 2);
  for (const milliseconds of [5, 30, 60, 100, 150, 250]) {
    await untilKept(pair);
    await pair.reset(AbortSignal.timeout(milliseconds)).catch(() => undefined);
    if (milliseconds % 100 === 50) await playground.server.restart();
    await pair.reset();
    expect(await checksums(playground.server, pair.target)).toEqual(before);
  }
});

it('where room is short no files are made, and those that are there make room for the rows', async () => {
  const pair = await playground.pair(large('wp_posts'));
  const { data } = placeOf(pair);
  await run(['mount', '-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', data]);
  onTestFinished(async () => void (await run(['umount', '-l', data])));
  writeFileSync(join(data, 'db.opt'), 'default-character-set=utf8mb4\n');
  Object.assign(placeOf(pair), { kept: join(data, 'kept'), hasRoom: async () => false });
  await pair.copy();
  // The load began in an earlier second than that in which it was over.
  const marked = async () => (await readMark(placeOf(pair)))?.tables.length ?? 0;
  while ((await marked()) === 0) await pair.reset();
  const before = await checksums(playground.server, pair.target);
  await pair.keepTables();
  expect(kept(pair)).toEqual([]);
  Object.assign(placeOf(pair), { hasRoom: async () => true });
  await pair.keepTables();
  expect(kept(pair)).toEqual(['wp_posts.ibd']);
  mkdirSync(join(data, 'filler'));
  const free = Number(await run(['bash', '-c', `df -B1 --output=avail '${data}' | tail -1`]));
  writeFileSync(join(data, 'filler/f'), Buffer.alloc(free - 1_000_000));
  // The table's own room becomes free at the reset; what is short of it is taken by something else.
  const { size } = statSync(join(data, 'wp_posts.ibd'));
  await pair.inTarget('DROP TABLE wp_posts');
  writeFileSync(join(data, 'filler/g'), Buffer.alloc(size / 2));
  await pair.reset();
  expect(kept(pair)).toEqual([]);
  expect(await checksums(playground.server, pair.target)).toEqual(before);
});

it('a table that was loaded in the second in which it was marked counts once that is over, when nobody wrote to it since', async () => {
  const { pair } = await copied(`${large('wp_posts')} ${large('wp_others')}`, 2);
  const place = placeOf(pair);
  const loaded = ['wp_posts', 'wp_others'].map((name) => ({ name, bytes: 5_000_000 }));
  /** As if they had been loaded just now; whether it is the same second still is decided by the clock. */
  const markYoung = async (): Promise<number> => {
    for (const { name } of loaded) await pair.inTarget(`UPDATE ${name} SET k = 'now' WHERE ID = 1`);
    await markTables(pair.site, loaded, never);
    return (await readMark(place))?.young?.length ?? 0;
  };
  while ((await markYoung()) < 2)
    await pair.inTarget(`UPDATE wp_posts SET k = 'then' WHERE ID = 1; UPDATE wp_others SET k = 'then' WHERE ID = 1`);
  const now = async () => Number((await pair.inTarget('SELECT UNIX_TIMESTAMP(NOW(6)) AS now'))[0]?.['now']);
  const seen = await now();
  // That second and some ticks of the clock.
  while ((await now()) < Math.floor(seen) + 1.2);
  await pair.inTarget("UPDATE wp_others SET k = 'mine' WHERE ID = 1");
  await settleMarks(pair.site, never);
  expect((await readMark(place))?.tables.map(({ name }) => name)).toEqual(['wp_posts']);
  await pair.keepTables();
  expect(kept(pair)).toEqual(['wp_posts.ibd']);
});

it('what a table of an earlier clone is brought to has the time at which that began, so that a file can be made of it as soon as it is over', async () => {
  const pair = await playground.pair(
    'CREATE TABLE wp_t (id int PRIMARY KEY) ENGINE=InnoDB; INSERT INTO wp_t VALUES (1), (2)',
  );
  await pair.copy();
  const [file, key] = [join(makeTemp('differences'), 'rows.tsv'), (id: string) => [Buffer.from(id).toString('base64')]];
  const [one, three] = [Buffer.from('1\n'), Buffer.from('3\n')];
  writeFileSync(file, Buffer.concat([one, three]));
  const plan = { name: 'wp_t', create: '', columns: ['id'], key: ['id'], keys: [], foreignKeys: [] };
  const load = loadStatement('wp_t', [{ name: 'id', textOnly: false }]);
  const second = async () => Number((await pair.inTarget('SELECT UNIX_TIMESTAMP() AS now'))[0]?.['now']);
  const connection = await connectTarget(pair.site.database, never);
  try {
    const differences = await startDifferences(connection, { ...plan, load }, file);
    const begun = await second();
    differences.wrote(one, { after: null, last: key('1'), rows: () => one });
    differences.wrote(three, undefined);
    while ((await second()) <= begun);
    await differences.apply();
    const [table] = await pair.inTarget(
      `SELECT UNIX_TIMESTAMP(UPDATE_TIME) AS time FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${pair.target}' AND TABLE_NAME = 'wp_t'`,
    );
    expect(Number(table?.['time'])).toBeLessThanOrEqual(begun);
    expect(await pair.inTarget('SELECT id FROM wp_t ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
  } finally {
    await connection.close();
  }
});

it('says of large tables which of them nobody has written to since they were loaded, also when files were made of them', async () => {
  const names = ['wp_altered', 'wp_changed', 'wp_emptied', 'wp_one', 'wp_stays', 'wp_two'];
  const { pair } = await copied(names.map((name) => large(name)).join(' '), names.length);
  const untouched = async () => [...(await untouchedTables(pair.site, never))].toSorted();
  expect(await untouched()).toEqual(names);
  await pair.keepTables();
  expect(kept(pair)).toHaveLength(names.length);
  expect(await untouched()).toEqual(names);
  await pair.inTarget("SET STATEMENT timestamp = 1 FOR UPDATE wp_changed SET t = 'x' WHERE ID = 3");
  await pair.inTarget('RENAME TABLE wp_one TO x, wp_two TO wp_one, x TO wp_two');
  await pair.inTarget('TRUNCATE wp_emptied');
  await pair.inTarget('ALTER TABLE wp_altered MODIFY k varchar(60)');
  expect(await untouched()).toEqual(['wp_stays']);
  // It remembers no times: then nobody knows.
  await playground.server.restart();
  expect(await untouched()).toEqual([]);
});
