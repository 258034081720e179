import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Source } from './source/index.ts';

/** A must-use plugin that takes an order as a shop does: a post, meta data and an option. */
export const SHOP = `<?php
add_action( 'init', function () {
  if ( isset( $_GET['order'] ) ) {
    $id = wp_insert_post( array( 'post_type' => 'shop_order', 'post_status' => 'publish', 'post_title' => 'Order' ) );
    add_post_meta( $id, '_total', '12.50' );
    update_option( 'last_order', $id );
    wp_send_json( array( 'order' => $id ) );
  }
} );`;

/** What came of a stretch of load. */
export interface Loaded {
  readonly sent: number;
  /** Why requests failed, and when each was sent. */
  readonly failed: readonly string[];
  /** Milliseconds that the slowest answer took. */
  readonly slowest: number;
}

/** Visitors of a site with SHOP: they read, order, and log in, one after the other. */
export interface Visitors {
  /** Orders that a visitor was told are taken. */
  readonly taken: readonly number[];
  /** Requests a second that the site bears: two visitors who never rest. */
  bears(seconds: number): Promise<number>;
  /** Sends requests at a rate until `over`, whether or not the earlier ones were answered. */
  load(rate: number, over: AbortSignal): Promise<Loaded>;
  /** Orders in the database, and those of them that are whole. */
  orders(): Promise<[number, number]>;
}

export function visitorsOf(source: Source): Visitors {
  const taken: number[] = [];
  const visits = [
    () => read(source, '/'),
    () => order(source, taken),
    () => read(source, '/wp-login.php'),
    () => logIn(source),
  ];
  return {
    taken,
    bears: async (seconds) => {
      const end = Date.now() + seconds * 1000;
      let done = 0;
      const visitor = async (offset: number): Promise<void> => {
        for (let at = offset; Date.now() < end; at += 1) {
          await visits[at % visits.length]?.();
          done += 1;
        }
      };
      await Promise.all([visitor(0), visitor(2)]);
      return done / seconds;
    },
    load: async (rate, over) => {
      const running: Promise<void>[] = [];
      const failed: string[] = [];
      let slowest = 0;
      for (let sent = 0; !over.aborted; sent += 1) {
        const began = Date.now();
        const note = async (): Promise<void> => {
          const why = await visits[sent % visits.length]?.().catch((error: unknown) => String(error));
          slowest = Math.max(slowest, Date.now() - began);
          if (why !== undefined) failed.push(`${why}, sent at ${new Date(began).toISOString().slice(14, 23)}`);
        };
        running.push(note());
        await delay(1000 / rate);
      }
      await Promise.all(running);
      return { sent: running.length, failed, slowest };
    },
    orders: async () => {
      const there = await source.query("SELECT ID FROM wp_posts WHERE post_type = 'shop_order'");
      const whole = await source.query("SELECT post_id FROM wp_postmeta WHERE meta_key = '_total'");
      return [there.length, whole.length];
    },
  };
}

async function read(source: Source, path: string): Promise<string | undefined> {
  const { statusCode, body } = await request(source.url + path);
  const text = await body.text();
  return statusCode < 400 && text.includes('</html>') ? undefined : `${path}: ${statusCode}`;
}

async function order(source: Source, taken: number[]): Promise<string | undefined> {
  const { statusCode, body } = await request(`${source.url}/?order=1`);
  const text = await body.text();
  if (statusCode !== 200) return `order: ${statusCode}`;
  const { order: id }: { order: number } = JSON.parse(text);
  taken.push(id);
  return id > 0 ? undefined : 'order: none';
}

async function logIn(source: Source): Promise<string | undefined> {
  const form = new URLSearchParams({ log: source.editorUser, pwd: source.editorPassword, 'wp-submit': 'Log In' });
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    cookie: 'wordpress_test_cookie=WP+Cookie+check',
  };
  const { statusCode, body } = await request(source.loginUrl, { method: 'POST', body: form.toString(), headers });
  await body.dump();
  return statusCode === 302 ? undefined : `log-in: ${statusCode}`;
}
