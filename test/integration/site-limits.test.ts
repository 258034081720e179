import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openSession } from '../../src/site/connect/visit/session.ts';
import type { TableRead } from '../../src/site/client-types.ts';
import { listen } from '../support/connecting.ts';
import { frame } from '../support/frames.ts';
import { hostileSource } from '../support/hostile-source.ts';
import { never } from '../support/migrator.ts';
import { failureOf } from '../support/work.ts';

const table: TableRead = { name: 'wp_posts', columns: ['ID'], key: ['ID'] };

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

test('a row that never ends is given up after 256 MB', { timeout: 60_000 }, async () => {
  const piece = frame('R', { t: 0, n: 0, c: null, part: true }, randomBytes(8 << 20));
  const source = await hostileSource(function* () {
    // Without a limit it would end, too, but only after a gigabyte.
    for (let count = 0; count < 128; count += 1) yield piece;
  });
  const error = await failureOf(drain(source.client.rows([table], never)));
  expect(error).toMatchObject({ code: 'ROW_TOO_LARGE', details: { table: 'wp_posts' } });
  expect(source.sent()).toBeLessThan(400 << 20);
});

test('a list of files that never ends is given up after two million', { timeout: 120_000 }, async () => {
  const entries = Array.from({ length: 100_000 }, (_, index) => [`f${index}`, 'x', 0, 1, 1, 420, 'unreadable']);
  const part = frame('M', { root: 'core', c: '' }, Buffer.from(JSON.stringify(entries)), true);
  const source = await hostileSource(function* () {
    for (let count = 0; count < 25; count += 1) yield part;
    yield frame('Z', { done: true });
  });
  const error = await failureOf(drain(source.client.manifest({ roots: ['core'], exclude: [] }, never)));
  expect(error.code).toBe('SOURCE_FAILED');
  expect(error.message).toContain('2 million');
});

test('a site that asks for next to no patience is not asked again without end', async () => {
  let asked = 0;
  const site = await listen((_, response) => {
    asked += 1;
    // So that the test ends without the limit, too.
    response.writeHead(asked < 500 ? 503 : 404, { 'retry-after': '0.0000001' }).end();
  });
  const waits: number[] = [];
  const sleep = async (milliseconds: number, stop?: AbortSignal): Promise<void> => {
    // The time limit of a page is waited for beside it.
    if (milliseconds > 90_000) return delay(milliseconds, undefined, { signal: stop });
    waits.push(milliseconds);
  };
  const session = openSession({ insecureTls: false }, { signal: never, sleep });
  onTestFinished(async () => {
    await session.close();
    await site.close();
  });
  const error = await failureOf(session.get(new URL(site.url())));
  expect(error.code).toBe('RATE_LIMITED');
  expect(asked).toBeLessThan(100);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
});
