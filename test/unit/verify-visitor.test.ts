import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openVisitors } from '../../src/instance/verify/visitor.ts';
import { workContext } from '../support/work.ts';

it('of a page that is too large the beginning is looked at, as at the source', async () => {
  const server = createServer((_, response) => {
    response.write('<title>Large</title>');
    for (let megabyte = 0; megabyte < 34; megabyte += 1) response.write(Buffer.alloc(2 ** 20, 'x'));
    response.end('</html>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: Partial<AddressInfo> = Object(server.address());
  const base = `http://127.0.0.1:${port}`;
  const visitors = openVisitors(base, base, workContext());
  try {
    const { status, body, partial } = await visitors.newcomer().get(new URL(base));
    expect({ status, partial, begins: body.startsWith('<title>Large') }).toEqual({
      status: 200,
      partial: true,
      begins: true,
    });
  } finally {
    await visitors.close();
    server.closeAllConnections();
    server.close();
  }
});
