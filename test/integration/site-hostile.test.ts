import { expect, onTestFinished, test } from 'vitest';
import { STREAM_MAGIC } from '../../src/site/protocol.ts';
import type { TableRead } from '../../src/site/client-types.ts';
import { listen } from '../support/connecting.ts';
import { frame } from '../support/frames.ts';
import { never, testClient } from '../support/migrator.ts';
import { siteInfo } from '../support/site-info.ts';
import { failureOf } from '../support/work.ts';

const table: TableRead = { name: 'wp_posts', columns: ['ID'], key: ['ID'] };
const file = { root: 'core', path: 'a.txt', kind: 'file', size: 1, mtime: 1, ctime: 1, mode: 0o644 } as const;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const SAID = 'said-by-the-site';

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** What no WordPress with our plugin sends. */
test.each([
  ['info', 'no JSON', frame('I', {}, Buffer.from(`{${SAID}`))],
  ['info', 'JSON nested without end', frame('I', {}, Buffer.from('['.repeat(1_000_000)))],
  ['info', 'a home that is no address', frame('I', {}, json({ ...siteInfo(), home: `javascript:${SAID}` }))],
  [
    'info',
    'uploads that are files here',
    frame('I', {}, json({ ...siteInfo(), urls: { ...siteInfo().urls, uploads: 'file:///etc' } })),
  ],
  ['rows', 'a head of another form', frame('R', { t: SAID })],
  ['rows', 'a refusal of another form', frame('X', { error: 7 })],
  ['rows', 'an end of another form', frame('Z', { done: SAID })],
  ['manifest', 'entries that are no JSON', frame('M', { root: 'core', c: '' }, Buffer.from(`[${SAID}`))],
  ['manifest', 'entries of another form', frame('M', { root: 'core', c: '' }, json([[SAID, 'f', 1]]))],
  ['files', 'pieces of another form', frame('B', { pieces: [{ i: 0, o: -1, n: 0 }] })],
] as const)('%s: %s is a failure of the site, told without its words', async (operation, _, hostile) => {
  const site = await listen((__, response) =>
    response.end(Buffer.concat([STREAM_MAGIC, hostile, frame('Z', { done: true })])),
  );
  const access = {
    url: site.url(),
    endpoint: `${site.url()}/`,
    keyId: '0123456789abcdef',
    secret: 'x',
    insecureTls: false,
  };
  const client = testClient(access);
  onTestFinished(async () => {
    await client.close();
    await site.close();
  });
  const asked = {
    info: () => client.info(never),
    rows: () => drain(client.rows([table], never)),
    manifest: () => drain(client.manifest({ roots: ['core'], exclude: [] }, never)),
    files: () => drain(client.files([file], never)),
  };
  const error = await failureOf(asked[operation]());
  expect(error.code).toBe('SOURCE_FAILED');
  expect(error.message).not.toContain(SAID);
});
