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

it('is known by its cookie as logged in whatever the site calls that, and sees a page behind as many headers as a browser takes', async () => {
  const login = `wpclone%7C1764300000%7C${'t'.repeat(43)}%7C${'0f'.repeat(32)}`;
  const server = createServer(({ url }, response) => {
    response.setHeader('link', '</a.js>; rel=preload, '.repeat(2000));
    response.setHeader('set-cookie', url === '/in' ? `acme_session=${login}; path=/` : 'acme_seen=1%7C2%7C3');
    response.end('<html></html>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: Partial<AddressInfo> = Object(server.address());
  const base = `http://127.0.0.1:${port}`;
  const visitors = openVisitors(base, base, workContext());
  try {
    const visitor = visitors.newcomer();
    expect((await visitor.get(new URL(base))).status).toBe(200);
    expect(visitor.isLoggedIn()).toBe(false);
    await visitor.get(new URL(`${base}/in`));
    expect(visitor.isLoggedIn()).toBe(true);
  } finally {
    await visitors.close();
    server.closeAllConnections();
    server.close();
  }
});
