import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTraces } from '../../../src/agent/telemetry/traces.ts';
import { failureOf, workContext } from '../../support/work.ts';
import { claimed, newJob, OWNER } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { type ReceivedSpan, spansIn } from '../../support/spans.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

let receiver: Server;
let endpoint: string;
const received: string[] = [];
beforeEach(async () => {
  received.length = 0;
  receiver = createServer((request, response) => {
    const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    void text(request)
      .then((body) => received.push(`${request.method} ${request.url}\n${body}`))
      .then(answer);
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const address = receiver.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterEach(() => void receiver.close());

it('an attempt at a job is a span in the trace of its request, each step one below it, and nothing secret is in any', async () => {
  const { open, clean } = sqliteStores();
  const work = workContext();
  const traces = await openTraces(`${endpoint}/`, '1.2.3', work);
  const store = traces.watch(open().store);
  const { job } = await store.enqueue(
    newJob({
      traceparent: `00-${TRACE}-${CALLER}-01`,
      secrets: { password: 'canary-password' },
      request: { url: 'https://canary.example' },
      clone: 'canary-clone',
    }),
  );
  const { attempt } = await claimed(store);
  await store.append(attempt, { type: 'step-started', step: 'connect' });
  await store.append(attempt, { type: 'retry', step: 'connect', message: 'canary of the site', waitSeconds: 1 });
  await store.append(attempt, { type: 'step-finished', step: 'connect', message: 'canary of the site', seconds: 1 });
  await store.append(attempt, { type: 'step-started', step: 'files' });
  await store.append(attempt, {
    type: 'step-failed',
    step: 'files',
    message: 'canary of the site',
    code: 'UNREACHABLE',
  });
  await store.retryAt(attempt, { code: 'UNREACHABLE', message: 'canary of the site', next_steps: [] }, 0);
  const again = await claimed(store);
  await store.complete(again.attempt, { clone_id: 'canary-clone' }, {});
  // One that no request told of a trace is one of its own, also where what was told is none.
  const other = await store.enqueue(newJob({ kind: 'reset', traceparent: '00-none' }));
  await store.claim(OWNER, { perCustomer: 3, perSource: 2 });
  await store.cancel(other.job.id);
  await traces.close();

  expect(received.join('')).not.toContain('canary');
  expect(received.every((each) => each.startsWith('POST /v1/traces\n'))).toBe(true);
  const spans = received.flatMap((each) => spansIn(each.split('\n')[1] ?? ''));
  const [connect, files, first, second] = spans;
  expect(spans.map(({ name }) => name)).toEqual(['connect', 'files', 'wpclone clone', 'wpclone clone']);
  for (const each of spans) expect(each.traceId).toBe(TRACE);
  expect([first?.parentSpanId, second?.parentSpanId]).toEqual([CALLER, CALLER]);
  expect([connect?.parentSpanId, files?.parentSpanId]).toEqual([first?.spanId, first?.spanId]);
  expect(first?.attributes).toMatchObject({ 'wpclone.job.id': job.id, 'error.type': 'UNREACHABLE' });
  expect(connect?.events).toEqual(['retry']);
  const failed = ({ name, failed: is }: ReceivedSpan) => `${name} ${is}`;
  expect(spans.map(failed)).toEqual(['connect false', 'files true', 'wpclone clone true', 'wpclone clone false']);
  clean();
});

it('nobody who takes them costs a line in the log and not the end of the agent; what is no address is refused', async () => {
  receiver.close();
  const warned: string[] = [];
  const work = workContext();
  const log = {
    ...work.log,
    warn: (message: string, fields?: object) => void warned.push(JSON.stringify([message, fields])),
  };
  // What is waited for before it is given up is no time here.
  const sleep: typeof work.sleep = (milliseconds, signal) => work.sleep(Math.min(milliseconds, 100), signal);
  const traces = await openTraces(endpoint, '1.2.3', { ...work, sleep, log });
  const { open, clean } = sqliteStores();
  const store = traces.watch(open().store);
  await store.enqueue(newJob());
  const { attempt } = await claimed(store);
  await store.complete(attempt, {}, {});
  await traces.close();
  expect(warned.join('\n')).toContain('traces are not sent');
  expect(warned.join('\n')).not.toContain('stack');
  for (const address of ['collector:4318', 'grpc://me:canary@collector:4317']) {
    const { code, message } = await failureOf(openTraces(address, '1.2.3', work));
    expect([code, message.includes('canary')]).toEqual(['BAD_INPUT', false]);
  }
  clean();
});
