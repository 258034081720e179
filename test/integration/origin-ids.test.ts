import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDatabaseOrigin } from '../../src/transfer/origin/database.ts';
import type { OriginIds } from '../../src/transfer/origin/schema.ts';
import { startPlayground, type CopyOptions, type Playground, type SchemaPair } from '../support/transfer.ts';

const POSTS = `CREATE TABLE wp_posts (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, t varchar(50));
  INSERT INTO wp_posts SELECT seq, 'old' FROM seq_1_to_500`;

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.stop());

const insert = async (pair: SchemaPair, where: 'inSource' | 'inTarget', rows: number): Promise<number[]> => {
  await pair[where](`INSERT INTO wp_posts (t) SELECT '${where}' FROM seq_1_to_${rows}`);
  const found = await pair[where](`SELECT ID AS id FROM wp_posts WHERE t = '${where}'`);
  return found.map(({ id }) => Number(id));
};

const idsOf = async (pair: SchemaPair, table = 'wp_posts'): Promise<OriginIds | null> =>
  (await readDatabaseOrigin(pair.site.paths.baseline))?.tables.find(({ name }) => name === table)?.ids ?? null;

const growing = (perDay: number): CopyOptions => ({
  info: () => ({ growth: [{ table: 'wp_posts', perDay }] }),
});

it('an ID made in the clone never meets one made at the source, nor one made here before a reset', async () => {
  const pair = await playground.pair(POSTS);
  await pair.copy();
  const atSource = await insert(pair, 'inSource', 900);
  const first = await insert(pair, 'inTarget', 300);
  expect(Math.min(...first)).toBeGreaterThan(1500);
  await pair.reset();
  const second = await insert(pair, 'inTarget', 300);
  // Also when what was made is gone and its counter with it.
  await pair.inTarget('TRUNCATE TABLE wp_posts');
  await pair.reset();
  await pair.reset();
  const third = await insert(pair, 'inTarget', 300);
  expect(new Set([...atSource, ...first, ...second, ...third])).toHaveProperty('size', 1800);
  expect(Math.min(...second)).toBeGreaterThan(Math.max(...first));
  expect(Math.min(...third)).toBeGreaterThan(Math.max(...second));
});

it('what the clone remembers tells what is common, what is the clone’s and what came later', async () => {
  const pair = await playground.pair(`${POSTS}; ALTER TABLE wp_posts AUTO_INCREMENT = 700`);
  await pair.copy();
  const ids = await idsOf(pair);
  expect(ids).toMatchObject({ column: 'ID', max: '500', next: '700' });
  const [id] = await insert(pair, 'inTarget', 1);
  expect(String(id)).toBe(ids?.from);
});

it('the faster the site grows and the longer the clone lives, the further apart they are', async () => {
  const gap = async (options: CopyOptions): Promise<number> => {
    const pair = await playground.pair(POSTS);
    await pair.copy(options);
    return Number((await idsOf(pair))?.from) - 501;
  };
  expect(await gap(growing(3))).toBeLessThan(2001);
  const day = await gap(growing(200));
  expect(day).toBeGreaterThanOrEqual(10_000);
  expect(day).toBeLessThan(20_000);
  expect(await gap({ ...growing(200), task: { ttlSeconds: 7 * 86_400 } })).toBeGreaterThanOrEqual(70_000);
  expect(await gap({ ...growing(200), task: { idGap: 40 } })).toBeLessThan(80);
  // A site may say what it likes of itself.
  expect(await gap(growing(1e300))).toBeLessThanOrEqual(2e9);
});

it('two clones of one site seldom begin at the same ID', async () => {
  const pair = await playground.pair(POSTS);
  const begins = new Set<string>();
  for (let number = 0; number < 4; number += 1) {
    await pair.copy();
    begins.add((await idsOf(pair))?.from ?? '');
  }
  expect(begins.size).toBeGreaterThan(1);
});

it('a counter that is nearly used up counts on, and so does what nothing refers to', async () => {
  const pair = await playground.pair(`
    CREATE TABLE wp_small (id mediumint NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 8388000;
    CREATE TABLE wp_half (id mediumint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 16700000;
    CREATE TABLE wp_options (option_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, option_name varchar(191));
    CREATE TABLE wp_postmeta (meta_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, post_id int, meta_key text);
    CREATE TABLE wp_second (a int, id int NOT NULL AUTO_INCREMENT, KEY (id)) ENGINE=MyISAM;
    INSERT INTO wp_second VALUES (1, 7), (1, 9)`);
  await pair.copy();
  expect((await idsOf(pair, 'wp_small'))?.from).toBeNull();
  const half = Number((await idsOf(pair, 'wp_half'))?.from);
  expect(half).toBeGreaterThan(16_700_999);
  expect(half).toBeLessThanOrEqual(16_707_721);
  expect((await idsOf(pair, 'wp_options'))?.from).toBeNull();
  expect((await idsOf(pair, 'wp_postmeta'))?.from).toBeNull();
  const second = await idsOf(pair, 'wp_second');
  expect(second).toMatchObject({ max: '9', next: '10' });
  await pair.inTarget('INSERT INTO wp_second (a) VALUES (2)');
  const [row] = await pair.inTarget('SELECT MAX(id) AS id FROM wp_second');
  expect(String(row?.['id'])).toBe(second?.from);
});

it('without a gap the clone counts on like the source', async () => {
  const pair = await playground.pair(POSTS);
  await pair.copy({ task: { idGap: 0 } });
  expect(await insert(pair, 'inTarget', 1)).toEqual([501]);
});
