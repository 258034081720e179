import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WpcloneError } from '../../src/shared/errors.ts';
import { connectSource } from '../../src/site/connect/connect.ts';
import { connectDeps, listen } from '../support/connecting.ts';
import { failureOf } from '../support/work.ts';

const somebody = { username: 'admin', password: () => Promise.resolve('Unsaid-words-77'), insecureTls: false };

test('a site whose page comes by single bytes and never ends is unreachable', async () => {
  const site = await listen((_, response) => {
    const drip = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(drip));
  });
  onTestFinished(() => site.close());
  const deps = connectDeps();
  const hurried = { ...deps, sleep: (ms: number, stop?: AbortSignal) => deps.sleep(ms / 100, stop) };
  const error = await failureOf(connectSource({ ...somebody, url: site.url() }, hurried));
  expect(error.code).toBe('UNREACHABLE');
  expect(error.message).toContain('does not come to the end of its answer');
});

test.each(['http', 'https'])(
  'a site that takes connections and says nothing is let go of when the run is cancelled (%s)',
  async (scheme) => {
    const silent = createServer((socket) => void socket.on('error', () => undefined).resume());
    const connected = once(silent, 'connection');
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const url = `${scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const stop = new AbortController();
    const ended = failureOf(connectSource({ ...somebody, url }, connectDeps({ signal: stop.signal })));
    await connected;
    stop.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    expect((await ended).code).toBe('CANCELLED');
  },
  10_000,
);
