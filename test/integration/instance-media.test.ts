import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyClone, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { startSource, type Source } from '../support/source/index.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;
let host: Server;
let hostUrl: string;
const asked: string[] = [];
const IMAGE = Buffer.from('GIF89a not quite a picture');

/** Stands for the source: the fixture's nginx cannot be told to redirect or to lie. */
async function answer(
  request: IncomingMessage,
): Promise<{ status: number; headers?: Record<string, string>; body?: Buffer | string }> {
  const path = request.url ?? '';
  asked.push(path);
  if (path.includes('/slow.gif')) await new Promise((resolve) => setTimeout(resolve, 300));
  if (path.includes('/silent.gif')) return new Promise(() => undefined);
  if (path.includes('/missing')) return { status: 404, body: 'no' };
  if (path.includes('/broken')) return { status: 500, body: 'no' };
  if (path.includes('/login')) return { status: 200, headers: { 'content-type': 'text/html' }, body: '<form>' };
  if (path.includes('/moved.gif')) return { status: 301, headers: { location: '/elsewhere/pic.gif' } };
  if (path.includes('/away.gif')) return { status: 302, headers: { location: 'http://127.0.0.1:1/pic.gif' } };
  if (path.includes('/cut.gif')) return { status: 200, headers: { 'content-length': '1000' }, body: IMAGE };
  return { status: 200, headers: { 'content-type': 'image/gif' }, body: IMAGE };
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers = {}, body = '' } = await answer(request);
  response.writeHead(status, headers);
  response.end(body);
  if (headers['content-length']) setImmediate(() => request.socket.destroy());
}

beforeAll(async () => {
  host = createServer((request, response) => {
    void respond(request, response);
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
  const address = host.address();
  hostUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  home = openTestHome();
  source = await startSource({ posts: 2 });
  const uploads = `${hostUrl}/wp-content/uploads`;
  clone = await copyClone(home, source, {
    task: { media: 'proxy' },
    info: {
      home: hostUrl,
      siteurl: hostUrl,
      urls: { content: `${hostUrl}/wp-content`, plugins: `${hostUrl}/wp-content/plugins`, uploads },
    },
  });
});

afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
  host.close();
});

const upload = (name: string) => clone.get(`/wp-content/uploads/${name}`);
const onDisk = (name: string) => existsSync(join(home.paths(clone.id).www, 'wp-content/uploads', name));

test('an upload that the source says nothing about is given up before all PHP processes wait for it', async () => {
  expect((await upload('2026/01/silent.gif')).status).toBe(502);
  expect(onDisk('2026/01/silent.gif')).toBe(false);
});

test('an upload is fetched when it is first asked for, and kept', async () => {
  const first = await upload('2026/01/a%20%C3%A4.gif');
  expect(first).toMatchObject({ status: 200, body: IMAGE.toString() });
  expect(first.headers['content-type']).toBe('image/gif');
  expect((await upload('2026/01/a%20%C3%A4.gif')).status).toBe(200);
  expect(asked.filter((path) => path.includes('a%20'))).toEqual(['/wp-content/uploads/2026/01/a%20%C3%A4.gif']);
  expect(onDisk('2026/01/a ä.gif')).toBe(true);
});

test('many who ask at the same time make one request to the source', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => upload('slow.gif')));
  expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200]);
  expect(asked.filter((path) => path.includes('slow'))).toHaveLength(1);
});

test.each([
  ['missing.gif', 404],
  ['broken.gif', 502],
  ['login.gif', 404],
  ['cut.gif', 502],
  ['away.gif', 502],
])('%s is answered with %i and not kept', async (name, status) => {
  expect((await upload(name)).status).toBe(status);
  expect(onDisk(name)).toBe(false);
});

test('a redirect within the source is followed', async () => {
  expect((await upload('moved.gif')).body).toBe(IMAGE.toString());
});

test.each([
  'shell.php',
  'shell.php.gif',
  'shell.phtml',
  'x.html',
  '../../wp-config.gif',
  '%2e%2e/%2e%2e/x.gif',
  'a.gif%00.php',
])('%s is never fetched', async (name) => {
  const before = asked.length;
  const { status } = await upload(name);
  expect([400, 404]).toContain(status);
  expect(asked).toHaveLength(before);
});

test('a source that names another host for its uploads is asked at its own', async () => {
  const { port } = new URL(hostUrl);
  const other = await copyClone(home, source, {
    task: { media: 'proxy' },
    info: {
      home: hostUrl,
      siteurl: hostUrl,
      urls: {
        content: `${hostUrl}/wp-content`,
        plugins: `${hostUrl}/wp-content/plugins`,
        uploads: `http://127.0.0.2:${port}/wp-content/uploads`,
      },
    },
  });
  expect(await other.get('/wp-content/uploads/elsewhere.gif')).toMatchObject({ status: 200, body: IMAGE.toString() });
  expect(asked).toContain('/wp-content/uploads/elsewhere.gif');
  await home.runtime.remove(other.id, home.context);
});

test('nothing outside of the uploads is fetched', async () => {
  const before = asked.length;
  expect((await clone.get('/wp-content/themes/none.gif')).status).toBe(404);
  expect(asked).toHaveLength(before);
});

test('nothing temporary stays behind', () => {
  const names = readdirSync(join(home.paths(clone.id).run, 'tmp'));
  expect(names.filter((name) => !name.endsWith('.lock'))).toEqual([]);
});
