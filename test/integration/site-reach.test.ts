import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { networkFailure, openAgent } from '../../src/site/http.ts';

let server: Server;
let asked = 0;
let port = 0;
beforeAll(async () => {
  server = createServer((_request, response) => {
    asked += 1;
    response.end('inside');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => server.close());

/** What an agent that others can call gets from an address. */
async function ask(url: string, reach: readonly string[]): Promise<unknown> {
  const dispatcher = openAgent(false, reach);
  try {
    const { body } = await request(url, { dispatcher });
    return await body.text();
  } catch (error) {
    return networkFailure(error, new URL(url));
  } finally {
    await dispatcher.destroy();
  }
}

it('a private address is not even connected to, by number or by name, unless its network is allowed', async () => {
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433'])
    expect(await ask(`http://${host}:${port}/`, [])).toMatchObject({ code: 'PRIVATE_ADDRESS', retryable: false });
  expect(asked).toBe(0);
  expect(await ask(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'])).toBe('inside');
});
