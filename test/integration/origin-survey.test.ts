import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { surveyDatabase, type TableFinding } from '../../src/transfer/survey/database.ts';
import { rememberedFiles, surveyFiles } from '../../src/transfer/survey/files.ts';
import { importDatabase, importFiles } from '../../src/transfer/transfer.ts';
import { inputFor } from '../support/imported.ts';
import { installMigrator, never, testClient, type TestClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let client: TestClient;
let baseline: string;

beforeAll(async () => {
  source = await startSource();
  for (const sql of [
    'CREATE TABLE wp_log (id INT PRIMARY KEY, t TEXT)',
    "INSERT INTO wp_log SELECT seq, REPEAT('x', 900) FROM seq_1_to_3000",
    'CREATE TABLE wp_left (id INT PRIMARY KEY)',
    'CREATE TABLE wp_altered (id INT PRIMARY KEY)',
    'CREATE TABLE wp_dropped (id INT PRIMARY KEY)',
    'CREATE TABLE wp_nokey (v INT)',
    'INSERT INTO wp_nokey VALUES (1), (2)',
  ])
    await source.query(sql);
  const uploads = join(source.content, 'uploads');
  mkdirSync(uploads, { recursive: true });
  for (const name of ['stays.txt', 'edited.txt', 'deleted.txt']) {
    writeFileSync(join(uploads, name), 'old');
    utimesSync(join(uploads, name), 1_700_000_000, 1_700_000_000);
  }
  client = testClient(await installMigrator(source));
  const input = await inputFor(source, client);
  ({ baseline } = input.site.paths);
  await importDatabase({ ...input, task: { ...input.task, excludeTables: ['left'] } });
  // Files that changed a moment ago are not sure to be as they were copied.
  await importFiles({ ...input, now: () => Date.now() + 3_600_000 });
});
afterAll(async () => {
  await client.close();
  await source.stop();
});

const filesNow = async () => {
  const remembered = await rememberedFiles(baseline);
  return remembered && surveyFiles(remembered, client, await client.info(never), never);
};

const survey = async (): Promise<readonly TableFinding[]> =>
  (await surveyDatabase(baseline, client, await client.info(never), never)) ?? [];

const notSame = async () => (await survey()).filter(({ state }) => state !== 'same');

it('finds nothing at a source where nothing happened', async () => {
  expect(await notSame()).toEqual([{ name: 'wp_left', state: 'not-comparable' }]);
  const files = await filesNow();
  expect(files).toMatchObject({ changed: [], gone: [], others: [] });
  expect(files?.same).toBeGreaterThan(100);
});

it('names the ranges and the files in which something changed, and the tables that came, went or became others', async () => {
  for (const sql of [
    "UPDATE wp_log SET t = 'y' WHERE id = 1500",
    "INSERT INTO wp_log SELECT seq, '' FROM seq_4000_to_4002",
    'INSERT INTO wp_nokey VALUES (3)',
    'ALTER TABLE wp_altered ADD COLUMN more INT',
    'DROP TABLE wp_dropped',
    'CREATE TABLE wp_fresh (id INT PRIMARY KEY)',
  ])
    await source.query(sql);
  const found = new Map((await notSame()).map((finding) => [finding.name, finding]));
  expect([...found.keys()].toSorted()).toEqual([
    'wp_altered',
    'wp_dropped',
    'wp_fresh',
    'wp_left',
    'wp_log',
    'wp_nokey',
  ]);
  expect(found.get('wp_altered')?.state).toBe('redefined');
  expect(found.get('wp_dropped')?.state).toBe('gone');
  expect(found.get('wp_fresh')?.state).toBe('new');
  const log = found.get('wp_log');
  const ranges = log?.state === 'changed' ? log.ranges : [];
  const number = (key: readonly string[] | null | undefined): number =>
    Number(Buffer.from(key?.[0] ?? '', 'base64').toString());
  expect(ranges).toHaveLength(2);
  expect(number(ranges[0]?.after)).toBeLessThan(1500);
  expect(number(ranges[0]?.last)).toBeGreaterThanOrEqual(1500);
  expect(ranges[1]).toMatchObject({ last: null, before: 0, now: 3 });
  expect(number(ranges[1]?.after)).toBe(3000);
  expect(found.get('wp_nokey')).toMatchObject({ ranges: [{ after: null, last: null, before: 2, now: 3 }] });

  const uploads = join(source.content, 'uploads');
  writeFileSync(join(uploads, 'edited.txt'), 'new');
  writeFileSync(join(uploads, 'fresh.txt'), 'new');
  rmSync(join(uploads, 'deleted.txt'));
  const files = await filesNow();
  const names = (list: readonly { readonly path: string }[] = []) => list.map(({ path }) => path.split('/').at(-1));
  expect(names(files?.changed)).toEqual(['edited.txt']);
  expect(names(files?.others)).toEqual(['fresh.txt']);
  expect(names(files?.gone)).toEqual(['deleted.txt']);
});

it('says nothing of a clone that remembers nothing', async () => {
  const none = join(baseline, 'none');
  expect(await surveyDatabase(none, client, await client.info(never), never)).toBeUndefined();
  expect(await rememberedFiles(none)).toBeUndefined();
});
