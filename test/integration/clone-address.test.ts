import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { makeReady, type TestHome } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';

/** A clone that answers, although nothing was copied into it. */
async function servedClone(home: TestHome, id: string): Promise<string> {
  const url = await makeReady(home, id);
  const { run, www } = home.paths(id);
  writeFileSync(join(run, 'settings.json'), JSON.stringify({ homePath: '', cloneUrl: url, media: 'copy' }));
  writeFileSync(join(run, 'expires'), '9999999999');
  writeFileSync(join(www, 'static.txt'), 'secret');
  return url;
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const { statusCode, headers: answered, body } = await request(url, { headers });
  await body.dump();
  return { status: statusCode, instance: answered['x-wpclone-instance'] };
}

/** Another user of the machine, on the other loopback address. */
async function strangerOn(port: string): Promise<void> {
  const stranger = createServer((_, response) => response.end('thank you')).listen(Number(port), '::1');
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
}

test('whatever address a clone’s URL means, it is the clone that answers there', async () => {
  const home = homeOfTest();
  const url = new URL(await servedClone(home, 'held'));
  await strangerOn(url.port);
  const meant = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true });
  for (const { address, family } of meant) {
    const host = family === 6 ? `[${address}]` : address;
    expect(await ask(`http://${host}:${url.port}/robots.txt`)).toEqual({ status: 200, instance: home.unit('held') });
  }
});

test('a clone whose URL says localhost is not opened while a stranger listens at its other address', async () => {
  const home = homeOfTest();
  const { port } = new URL(await servedClone(home, 'old'));
  await home.alter('old', { clone: { url: `http://localhost:${port}` } });
  await home.runtime.get('old', home.context);
  await strangerOn(port);
  await expect(home.runtime.get('old', home.context)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

test('a clone answers to its own names only: a foreign one that means this machine gets 421', async () => {
  const home = homeOfTest();
  const url = await servedClone(home, 'named');
  const { port } = new URL(url);
  for (const host of [
    `127.0.0.1:${port}`,
    '127.0.0.1',
    `localhost:${port}`,
    'LOCALHOST',
    `[::1]:${port}`,
    'localhost:9',
  ])
    expect(await ask(`${url}/static.txt`, { host })).toMatchObject({ status: 200 });
  const foreign = [
    'evil.example',
    `evil.example:${port}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.1.2.3',
  ];
  for (const host of [...foreign, 'localhost:80:evil', '[::1].evil.example'])
    for (const path of ['/static.txt', '/', '/robots.txt'])
      expect(await ask(url + path, { host })).toMatchObject({ status: 421 });
});
