import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { request } from 'undici';
import { applyStaged, stageChanges } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { changesOf, keyed, restoreKey, rowsOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ROWS = 2_000;
const ROUNDS = Math.max(2, Math.round(6 * Number(process.env['WPCLONE_STRESS'] ?? 1)));
/** Requests a second at the least; more where the site bore more. */
const LEAST = 10;
/** Of what the site bore just before. */
const SHARE = 0.6;
/** Seconds of load before and after a write, so that it falls into the middle. */
const AROUND = 1.5;

let source: Source;
let access: SourceAccess;
/** Takes an order as a shop does: a post, meta data and an option. */
const SHOP = `<?php
add_action( 'init', function () {
  if ( isset( $_GET['order'] ) ) {
    $id = wp_insert_post( array( 'post_type' => 'shop_order', 'post_status' => 'publish', 'post_title' => 'Order' ) );
    add_post_meta( $id, '_total', '12.50' );
    update_option( 'last_order', $id );
    wp_send_json( array( 'order' => $id ) );
  }
} );`;

/** Orders that a visitor was told are taken. */
const taken: number[] = [];
beforeAll(async () => {
  source = await startSource({ posts: 20 });
  access = await installMigrator(source);
  const plugins = join(source.content, 'mu-plugins');
  mkdirSync(plugins, { recursive: true });
  writeFileSync(join(plugins, 'shop.php'), SHOP);
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

/** What visitors do, one after the other; why it failed, or undefined. */
const VISITS: readonly (() => Promise<string | undefined>)[] = [
  () => visit('/'),
  async () => {
    const { statusCode, body } = await request(`${source.url}/?order=1`);
    const text = await body.text();
    if (statusCode !== 200) return `order: ${statusCode}`;
    const { order }: { order: number } = JSON.parse(text);
    taken.push(order);
    return order > 0 ? undefined : 'order: none';
  },
  () => visit('/wp-login.php'),
  async () => {
    const form = new URLSearchParams({ log: source.editorUser, pwd: source.editorPassword, 'wp-submit': 'Log In' });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: 'wordpress_test_cookie=WP+Cookie+check',
    };
    const { statusCode, body } = await request(source.loginUrl, { method: 'POST', body: form.toString(), headers });
    await body.dump();
    return statusCode === 302 ? undefined : `log-in: ${statusCode}`;
  },
];

async function visit(path: string): Promise<string | undefined> {
  const { statusCode, body } = await request(source.url + path);
  const text = await body.text();
  return statusCode < 400 && text.includes('</html>') ? undefined : `${path}: ${statusCode}`;
}

/** Requests a second that the site bears: two visitors who never rest. */
async function bears(): Promise<number> {
  const end = Date.now() + 3_000;
  let done = 0;
  const visitor = async (offset: number): Promise<void> => {
    for (let at = offset; Date.now() < end; at += 1) {
      await VISITS[at % VISITS.length]?.();
      done += 1;
    }
  };
  await Promise.all([visitor(0), visitor(2)]);
  return done / 3;
}

/** Sends requests at a rate, whether or not the earlier ones were answered; how long the slowest took, and what failed. */
async function load(rate: number, over: AbortSignal): Promise<{ sent: number; failed: string[]; slowest: number }> {
  const running: Promise<void>[] = [];
  const failed: string[] = [];
  let slowest = 0;
  for (let sent = 0; !over.aborted; sent += 1) {
    const began = Date.now();
    const note = async (): Promise<void> => {
      const why = await VISITS[sent % VISITS.length]?.().catch((error: unknown) => String(error));
      slowest = Math.max(slowest, Date.now() - began);
      if (why !== undefined) failed.push(why);
    };
    running.push(note());
    await delay(1000 / rate);
  }
  await Promise.all(running);
  return { sent: running.length, failed, slowest };
}

it(`writes ${ROWS} rows under load: no request fails, no order is lost`, { timeout: ROUNDS * 120_000 }, async () => {
  const bearable = await bears();
  const rate = Math.max(LEAST, Math.floor(bearable * SHARE));
  const told: object[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [old, wanted] = round % 2 === 0 ? ['old', 'new'] : ['new', 'old'];
    const key = await restoreKey(source);
    const client = writeClient(access, key);
    const posts = await rowsOf(source, 'wp_posts', 'WHERE ID >= 300000');
    const updates = posts
      .filter(({ post_type: type }) => type === 'page')
      .map(({ ID = null }) => ({ item: 0, key: { ID }, before: { post_title: old }, after: { post_title: wanted } }));
    expect(updates).toHaveLength(ROWS);
    await stageChanges(client, changesOf([keyed('wp_posts', 'ID', { updates })]), { signal: never });
    const over = new AbortController();
    const visitors = load(rate, over.signal);
    await delay(AROUND * 1000);
    const receipt = await applyStaged(client, never);
    await delay(AROUND * 1000);
    over.abort();
    const { sent, failed, slowest } = await visitors;
    told.push({ held: receipt.applied?.heldMilliseconds, sent, slowest, failed });
    expect(receipt.applied?.rows).toEqual({ wp_posts: ROWS });
    await client.accept(never);
    await client.finish(never);
    await client.close();
  }
  console.log(`bears ${bearable.toFixed(1)} requests a second; ${rate} were sent`, told);
  expect(told.flatMap((each) => ('failed' in each ? each.failed : []))).toEqual([]);
  const there = await source.query("SELECT ID FROM wp_posts WHERE post_type = 'shop_order'");
  const totals = await source.query("SELECT post_id FROM wp_postmeta WHERE meta_key = '_total'");
  expect([there.length, totals.length]).toEqual([new Set(taken).size, new Set(taken).size]);
});
