import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createSiteClient } from '../../src/site/client.ts';
import { STREAM_MAGIC } from '../../src/site/protocol.ts';
import { type Listener, listen } from '../support/connecting.ts';
import { failureOf } from '../support/work.ts';

/** For whom an hour passes in 3.6 seconds. */
const HURRY = 1000;

let site: Listener;
afterEach(() => site.close());

const clientOf = (retries: string[]) =>
  createSiteClient(
    { url: site.url(), endpoint: site.url(), keyId: 'a'.repeat(16), secret: 'b'.repeat(43), insecureTls: false },
    {
      now: () => Date.now() * HURRY,
      sleep: () => Promise.resolve(),
      randomBytes,
      retry: (message) => retries.push(message),
    },
  );

test.each([
  ['after it has said what it is', 200, STREAM_MAGIC],
  ['from its beginning', 200, Buffer.alloc(0)],
  ['and is an error', 500, Buffer.alloc(0)],
])('an answer that comes by single bytes %s is asked for again, and then given up', async (_, status, start) => {
  site = await listen((__, response) => {
    response.writeHead(status).write(start);
    const drip = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(drip));
  });
  const retries: string[] = [];
  const client = clientOf(retries);
  const error = await failureOf(client.info(new AbortController().signal));
  expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('next to nothing') });
  expect(retries).not.toEqual([]);
  await client.close();
});
