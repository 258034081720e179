import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RestoreChanges } from '../../src/restore/changes.ts';
import { applyStaged, stageChanges } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { Receipt } from '../../src/site/write/answers.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange } from '../support/restore-files.ts';
import { changesOf, keyed, restoreKey, rowsOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { type Loaded, SHOP, type Visitors, visitorsOf } from '../support/visitors.ts';

const ROWS = 2_000;
const ROUNDS = Math.max(2, Math.round(6 * Number(process.env['WPCLONE_STRESS'] ?? 1)));
/** Requests a second at the least; more where the site bore more. */
const LEAST = 10;
/** Of what the site bore just before. */
const SHARE = 0.6;
/** Seconds of load before and after a write, so that it falls into the middle. */
const AROUND = 1.5;
/** Files of the plugin that is replaced, each loaded by every page: one of another version ends the page. */
const PARTS = 40;

let source: Source;
let access: SourceAccess;
let visitors: Visitors;
let www: string;
/** What the titles say, and which version of the plugin is there. */
const is: { rows: Word; code: Word } = { rows: 'old', code: 'old' };

type Word = 'old' | 'new';
const other = (word: Word): Word => (word === 'old' ? 'new' : 'old');

const part = (version: string, at: number): string => `<?php $versions[] = '${version}'; // ${at}`;
const main = (version: string): string =>
  `<?php /* Plugin Name: Parts */ $versions = array( '${version}' ); for ( $at = 0; $at < ${PARTS}; $at++ ) { include __DIR__ . "/$at.php"; } if ( count( array_unique( $versions ) ) > 1 ) { throw new Exception( 'half of each' ); }`;
const plugin = (version: string): Record<string, string> => ({
  'parts/parts.php': main(version),
  ...Object.fromEntries(Array.from({ length: PARTS }, (_, at) => [`parts/${at}.php`, part(version, at)])),
});

beforeAll(async () => {
  source = await startSource({ posts: 20, muPlugins: { 'shop.php': SHOP }, plugins: plugin('old') });
  access = await installMigrator(source);
  visitors = visitorsOf(source);
  www = makeTemp('restore-load');
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  for (let from = 0; from < ROWS; from += 500) {
    const posts = Array.from(
      { length: 500 },
      (_, at) => `(${300_000 + from + at}, 'page', 'publish', 'text', 'old', '', '', '', '')`,
    );
    await source.query(
      `INSERT INTO wp_posts (ID, post_type, post_status, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES ${posts.join(', ')}`,
    );
  }
});
afterAll(() => source.stop());

/** All titles, from one word to the other, and the plugin likewise where that is wanted. */
async function changes(withCode: boolean): Promise<RestoreChanges> {
  const posts = await rowsOf(source, 'wp_posts', "WHERE ID >= 300000 AND post_type = 'page'");
  expect(posts).toHaveLength(ROWS);
  const [before, after] = [{ post_title: is.rows }, { post_title: other(is.rows) }];
  is.rows = other(is.rows);
  const updates = posts.map(({ ID = null }) => ({ item: 0, key: { ID }, before, after }));
  const [old, wanted] = [plugin(is.code), plugin(other(is.code))];
  if (withCode) is.code = other(is.code);
  const files = Object.entries(withCode ? wanted : {}).map(([path, text]) =>
    fileChange(0, `plugins:${path}`, old[path] ?? null, text, www),
  );
  return { ...changesOf([keyed('wp_posts', 'ID', { updates })]), files };
}

/** Writes in the middle of a stretch of load. */
async function writeUnderLoad(what: RestoreChanges, rate: number): Promise<Loaded & { readonly receipt: Receipt }> {
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  await stageChanges(client, what, { www, signal: never });
  const over = new AbortController();
  const loading = visitors.load(rate, over.signal);
  await delay(AROUND * 1000);
  await applyStaged(client, never);
  await delay(AROUND * 1000);
  over.abort();
  const loaded = await loading;
  // By now all who had begun before have ended, and are counted.
  await client.leave(never);
  await client.close();
  const [row] = await source.query(
    'SELECT CAST(receipt AS CHAR) AS receipt FROM wp_wpclone_restores ORDER BY made DESC LIMIT 1',
  );
  const receipt: Receipt = { state: 'applied', ...JSON.parse(String(row?.['receipt'])) };
  const last = writeClient(access, await restoreKey(source, key.restore));
  await last.accept(never);
  await last.finish(never);
  await last.close();
  return { ...loaded, receipt };
}

it.for([false, true])(
  `writes ${ROWS} rows, and a plugin (%s), under load: no request fails but of those begun earlier, no order is lost`,
  { timeout: ROUNDS * 120_000 },
  async (withCode) => {
    const bearable = await visitors.bears(3);
    const rate = Math.max(LEAST, Math.floor(bearable * SHARE));
    const told: object[] = [];
    const uncounted: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { sent, failed, slowest, receipt } = await writeUnderLoad(await changes(withCode), rate);
      const { applied, overtaken } = receipt;
      expect(applied?.rows).toEqual({ wp_posts: ROWS });
      told.push({ held: applied?.heldMilliseconds, gate: applied?.gateMilliseconds, overtaken, sent, slowest, failed });
      if (failed.length > (overtaken?.failed ?? 0)) uncounted.push(...failed);
    }
    console.log(`bears ${bearable.toFixed(1)} requests a second; ${rate} were sent`, told);
    expect(uncounted).toEqual([]);
    const taken = new Set(visitors.taken).size;
    expect(await visitors.orders()).toEqual([taken, taken]);
  },
);
