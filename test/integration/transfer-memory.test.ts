import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import type { CopyOrder } from '../support/copy-in-process.ts';
import { MEMORY_FLAGS } from '../../src/shared/memory-flags.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { run } from '../support/temp.ts';
import { startPlayground, type Playground, type SchemaPair } from '../support/transfer.ts';

/** How much more memory a hundred times the data may take: buffers that grow to their bounds, and garbage. */
const SLACK_BYTES = 90e6;
/** Of that, some 100 MB are Node running TypeScript sources in two threads; the built command is measured in bench/. */
const MOST_BYTES = 320e6;
/** Garbage of the parts that pass through. */
const ROW_SLACK_BYTES = 12 * 1024 * 1024;

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
  return Number(await run([process.execPath, ...MEMORY_FLAGS, child], JSON.stringify(order)));
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

const CLONE = 'http://localhost:8101';
const prose = 'Ten thousand words\nand a picture. '.repeat(8);
interface Kind {
  readonly name: string;
  /** How often the row may be in memory. */
  readonly times: number;
  /** Of the column. [default: utf8mb4] */
  readonly charset?: string;
  /** A value of at least that many bytes of a site at `url`. */
  readonly value: (url: string, bytes: number) => string;
}
const KINDS: readonly Kind[] = [
  {
    name: 'without an address',
    times: 2,
    value: (_, bytes) => prose.repeat(Math.ceil(bytes / prose.length)),
  },
  {
    name: 'with an address in each of its paragraphs',
    times: 2,
    value: (url, bytes) => `<a href="${url}/x">${prose}</a>`.repeat(Math.ceil(bytes / prose.length)),
  },
  {
    name: 'of serialized texts in a serialized text',
    times: 3,
    value: (url, bytes) => {
      const text = `<a href="${url}/x">${prose}</a>`;
      return serialized(`i:0;s:${text.length}:"${text}";`, Math.ceil(bytes / prose.length));
    },
  },
  {
    name: 'of serialized addresses and nothing else',
    times: 3,
    value: (url, bytes) => serialized(`s:${url.length}:"${url}";`, Math.ceil(bytes / 28)),
  },
  {
    name: 'of strings in strings, each with one more around it',
    times: 3,
    value: (url, bytes) => {
      let nest = url;
      for (let level = 0; level < 10_000; level += 1) nest = `s:${nest.length}:"${nest}";`;
      return serialized(nest, Math.ceil(bytes / 110_000));
    },
  },
  {
    name: 'of serialized addresses in JSON',
    times: 3,
    value: (url, bytes) =>
      JSON.stringify({ a: serialized(`s:${url.length}:"${url}";`, Math.ceil(bytes / 28)) }).replaceAll('/', '\\/'),
  },
  {
    name: 'of serialized texts that PHP gets in another character set',
    times: 3,
    charset: 'latin1',
    value: (url, bytes) => {
      const text = `${url}/é${prose}`;
      return serialized(`s:${Buffer.byteLength(text)}:"${text}";`, Math.ceil(bytes / prose.length));
    },
  },
];

/** A serialized string of so many of those. */
const serialized = (one: string, many: number): string => `s:${many * Buffer.byteLength(one)}:"${one.repeat(many)}";`;

/** The server would take a minute to put such a value together, so that it reads it from a file. */
async function peakWithRow({ value, charset = 'utf8mb4' }: Kind, bytes: number): Promise<[number, number]> {
  const pair = await playground.pair('');
  const encoding = charset === 'latin1' ? 'latin1' : 'utf8';
  const file = join(source.mariadb.folder, 'value');
  const stored = Buffer.from(value(source.url, bytes), encoding);
  writeFileSync(file, stored);
  await source.query('DROP TABLE IF EXISTS wp_many');
  await source.query(`CREATE TABLE wp_many (id int PRIMARY KEY, v longtext CHARACTER SET ${charset})`);
  await source.query(`INSERT INTO wp_many VALUES (1, LOAD_FILE('${file}'))`);
  expect(await source.query('SELECT LENGTH(v) AS length FROM wp_many')).toMatchObject([{ length: stored.length }]);
  const peak = await peakOf('database', pair);
  const sum = createHash('sha256').update(value(CLONE, bytes), encoding).digest('hex');
  expect(await pair.inTarget('SELECT SHA2(v, 256) AS sum FROM wp_many')).toMatchObject([{ sum }]);
  return [peak, stored.length];
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

test.each(KINDS)('a row $name takes $times times its size at most', { timeout: 180_000 }, async (kind) => {
  const [small] = await peakWithRow(kind, 100_000);
  const [large, bytes] = await peakWithRow(kind, 32e6);
  console.log(
    `row ${kind.name}: ${(bytes / 1e6).toFixed(0)} MB take ${((large - small) / bytes).toFixed(1)} times that`,
  );
  expect(large - small).toBeLessThan(kind.times * bytes + ROW_SLACK_BYTES);
});

test('a file of 300 MB takes no more memory than a small one', { timeout: 180_000 }, async () => {
  const small = await peakWithFile(3_000_000);
  const large = await peakWithFile(300_000_000);
  console.log(`file: ${(small / 1e6).toFixed(0)} MB with 3 MB, ${(large / 1e6).toFixed(0)} MB with 300 MB`);
  expect(large - small).toBeLessThan(SLACK_BYTES);
  expect(large).toBeLessThan(MOST_BYTES);
});
