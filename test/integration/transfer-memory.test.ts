import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import type { CopyOrder } from '../support/copy-in-process.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { run } from '../support/temp.ts';
import { startPlayground, type Playground, type SchemaPair } from '../support/transfer.ts';

/** How much more memory a hundred times the data may take: buffers that grow to their bounds, and garbage. */
const SLACK_BYTES = 90e6;
/** Of that, some 100 MB are Node running TypeScript sources in two threads; the built command is measured in bench/. */
const MOST_BYTES = 320e6;

let playground: Playground;
let source: Source;
let access: SourceAccess;
beforeAll(async () => {
  playground = await startPlayground();
  source = await startSource({ mariadb: playground.server });
  access = await installMigrator(source);
});
afterAll(async () => {
  await source.stop();
  await playground.stop();
});

/** Copies in a process of its own; the most memory that it had, in bytes. */
async function peakOf(what: CopyOrder['what'], pair: SchemaPair): Promise<number> {
  const client = testClient(access);
  const order: CopyOrder = { what, access, info: await client.info(never), site: pair.site };
  await client.close();
  const child = join(import.meta.dirname, '../support/copy-in-process.ts');
  return Number(await run([process.execPath, child], JSON.stringify(order)));
}

async function peakWithRows(rows: number): Promise<number> {
  const pair = await playground.pair('');
  await source.query('DROP TABLE IF EXISTS wp_many');
  await source.query('CREATE TABLE wp_many (id int PRIMARY KEY, v varchar(200), KEY v (v))');
  await source.query(`INSERT INTO wp_many SELECT seq, CONCAT('${source.url}/', REPEAT(seq, 12)) FROM seq_1_to_${rows}`);
  const peak = await peakOf('database', pair);
  expect(
    await pair.inTarget('SELECT COUNT(*) AS n, SUM(v LIKE "http://localhost:8101/%") AS ours FROM wp_many'),
  ).toMatchObject([{ n: rows, ours: String(rows) }]);
  return peak;
}

async function peakWithFile(bytes: number): Promise<number> {
  const pair = await playground.pair('');
  const film = join(source.content, 'uploads/film.mp4');
  await run(['bash', '-c', `head -c ${bytes} /dev/urandom > '${film}'`]);
  const peak = await peakOf('files', pair);
  await run(['cmp', film, join(pair.site.paths.www, 'wp-content/uploads/film.mp4')]);
  return peak;
}

test('a table of a million rows takes no more memory than a small one', { timeout: 180_000 }, async () => {
  const small = await peakWithRows(10_000);
  const large = await peakWithRows(1_000_000);
  console.log(`rows: ${(small / 1e6).toFixed(0)} MB with 10,000, ${(large / 1e6).toFixed(0)} MB with 1,000,000`);
  expect(large - small).toBeLessThan(SLACK_BYTES);
  expect(large).toBeLessThan(MOST_BYTES);
});

test('a file of 300 MB takes no more memory than a small one', { timeout: 180_000 }, async () => {
  const small = await peakWithFile(3_000_000);
  const large = await peakWithFile(300_000_000);
  console.log(`file: ${(small / 1e6).toFixed(0)} MB with 3 MB, ${(large / 1e6).toFixed(0)} MB with 300 MB`);
  expect(large - small).toBeLessThan(SLACK_BYTES);
  expect(large).toBeLessThan(MOST_BYTES);
});
