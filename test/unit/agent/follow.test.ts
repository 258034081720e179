import { connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attempt, Job } from '../../../src/agent/jobs/types.ts';
import { followJob } from '../../../src/operations/remote/follow.ts';
import { createAgentClient } from '../../../src/operations/remote/http.ts';
import { retell } from '../../../src/operations/remote/events.ts';
import { serverSentEvents } from '../../../src/operations/remote/sse.ts';
import { acceptedSchema } from '../../../src/operations/schemas.ts';
import type { WorkEvent } from '../../../src/shared/events.ts';
import { testApi, type TestApi } from '../../support/agent.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { failureOf, workContext } from '../../support/work.ts';

let api: TestApi;
let token: string;
let port: number;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  api = await testApi();
  port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
  token = api.bearer(['admin']).authorization.replace('Bearer ', '');
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await api.close();
});

/** Long waits are as they are; short ones, which only spare the agent, are left out. */
const context = (signal?: AbortSignal) => {
  const real = workContext(signal);
  return { ...real, sleep: (ms: number, stop?: AbortSignal) => real.sleep(ms < 4_500 ? 1 : ms, stop) };
};
const clientAt = (at: number | string) => {
  const client = createAgentClient({ url: `http://127.0.0.1:${at}`, token }, context());
  ends.push(() => client.close());
  return client;
};

const begin = async (): Promise<{ job: Job; attempt: Attempt }> => {
  await api.store.enqueue(newJob());
  return claimed(api.store);
};
const say = (attempt: Attempt, n: number) =>
  api.store.append(attempt, { type: 'step-finished', step: 'files', message: `part ${n}`, seconds: n });
const fail = (attempt: Attempt) => api.store.fail(attempt, { code: 'UNREACHABLE', message: 'No.', next_steps: [] });

/** Between us and the agent; `treat` says what becomes of what the agent answers. */
async function between(treat: (answer: Buffer, send: (part: Buffer) => void, cut: () => void) => void) {
  const server: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const cut = (): void => void (near.destroy(), far.destroy());
    near.on('error', cut).on('close', cut).pipe(far);
    far
      .on('error', cut)
      .on('close', cut)
      .on('data', (part) => treat(part, (some) => void near.write(some), cut));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ends.push(async () => server.close());
  return (server.address() as { port: number }).port;
}

describe('a job that is handed in', () => {
  it('is one job also when the first answer gets lost on the way', async () => {
    let lost = 0;
    const losing = await between((answer, send, cut) => (lost++ === 0 ? cut() : send(answer)));
    const call = { method: 'POST' as const, path: '/api/v2/clone', body: { source_url: 'https://mysite.example' } };
    const taken = await clientAt(losing).call({ ...call, key: 'k-1' }, acceptedSchema, new AbortController().signal);
    expect(lost).toBeGreaterThan(1);
    expect((await api.store.list()).map(({ id }) => id)).toEqual([taken.job_id]);
  });
});

describe('a request that the agent refuses', () => {
  it('says what to do about the command, not about a request that nobody wrote', async () => {
    const call = { method: 'PUT' as const, path: '/api/v2/pool', body: { min: 2, max: 1 } };
    const refused = await failureOf(clientAt(port).call(call, acceptedSchema, new AbortController().signal));
    expect([refused.code, refused.nextSteps]).toEqual([
      'BAD_INPUT',
      ['Run the command with --help to see what it takes.'],
    ]);
  });
});

describe('following a job', () => {
  it('misses nothing and repeats nothing, wherever its stream is cut, and ends with the log', async () => {
    const { job, attempt } = await begin();
    let cuts = 0;
    const cutting = await between((answer, send, cut) => {
      const keep = cuts >= 40 ? answer.length : Math.floor(Math.random() * (answer.length + 1));
      send(answer.subarray(0, keep));
      if (keep < answer.length) {
        cuts += 1;
        setImmediate(cut);
      }
    });
    const seen: number[] = [];
    const following = followJob(
      clientAt(cutting),
      job.id,
      ({ sequence }) => void seen.push(sequence),
      context(),
      () => undefined,
    );
    for (let n = 0; n < 60; n += 1) {
      await say(attempt, n);
      await sleep(n % 3);
    }
    await fail(attempt);
    await following;
    const log = await api.store.events(0, { job: job.id, limit: 500 });
    expect(seen).toEqual(log.map(({ sequence }) => sequence));
    expect(cuts).toBeGreaterThan(3);
    const late = await clientAt(port).open(
      { method: 'GET', path: `/api/v2/jobs/${job.id}/events`, headers: { 'last-event-id': String(seen.at(-1)) } },
      new AbortController().signal,
    );
    expect(late.status).toBe(204);
  });

  it('falls back to long polling where something keeps streams until they end', async () => {
    const { job, attempt } = await begin();
    const holding = await between((answer, send) => {
      const text = answer.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      // The head of a stream comes, its body does not; other answers pass.
      if (text.includes('text/event-stream')) send(answer.subarray(0, end + 4));
      else if (!/^[0-9a-f]+\r\n/.test(text)) send(answer);
    });
    const seen: unknown[] = [];
    const following = followJob(
      clientAt(holding),
      job.id,
      ({ event }) => void seen.push(event['type']),
      context(),
      () => undefined,
    );
    await say(attempt, 1);
    await expect.poll(() => seen).toContain('step-finished');
    await fail(attempt);
    await following;
    expect(seen).toEqual(['job', 'job', 'step-finished', 'job']);
  });

  it('outlives an agent that is away, says so once, and gives up what refuses it', async () => {
    const { job, attempt } = await begin();
    let away = true;
    let told = 0;
    const gate = await between((answer, send, cut) => (away ? cut() : send(answer)));
    const following = followJob(
      clientAt(gate),
      job.id,
      () => undefined,
      context(),
      () => void (told += 1),
    );
    await expect.poll(() => told).toBe(1);
    away = false;
    await fail(attempt);
    await following;
    expect(told).toBe(1);
    const unknown = followJob(
      clientAt(port),
      'job-none',
      () => undefined,
      context(),
      () => undefined,
    );
    expect((await failureOf(unknown)).code).toBe('JOB_NOT_FOUND');
  });

  it('ends when it is told to, with the reason', async () => {
    const { job } = await begin();
    const stop = new AbortController();
    const following = followJob(
      clientAt(port),
      job.id,
      () => stop.abort(new Error('enough')),
      context(stop.signal),
      () => undefined,
    );
    await expect(following).rejects.toThrow('enough');
  });
});

describe('a reader that takes nothing', () => {
  it('holds up no other reader and not the end of the agent', async () => {
    const { job, attempt } = await begin();
    const lazy = connect(port, '127.0.0.1');
    ends.push(async () => lazy.destroy());
    lazy.pause().on('error', () => undefined);
    lazy.write(
      `GET /api/v2/jobs/${job.id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    const message = 'x'.repeat(20_000);
    for (let n = 0; n < 300; n += 1) await api.store.append(attempt, { type: 'undo', step: 'files', message });
    let seen = 0;
    const following = followJob(
      clientAt(port),
      job.id,
      () => void (seen += 1),
      context(),
      () => undefined,
    );
    await fail(attempt);
    await following;
    expect(seen).toBe(303);
    const began = Date.now();
    await api.app.close();
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

describe('a stream of server-sent events', () => {
  it('is read the same however it is cut into pieces, with any line ending', async () => {
    const text =
      ':\n\nid: 1\nevent: job\ndata: {"a":\ndata: "ü"}\n\nid: 2\r\ndata:x\r\n\r\nid: 3\rdata: y\r\rdata: cut off';
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at += 1) {
      const pieces = (async function* () {
        yield bytes.subarray(0, at);
        yield bytes.subarray(at);
      })();
      const events = [];
      for await (const event of serverSentEvents(pieces, () => undefined)) events.push(event);
      expect(events).toEqual([
        { id: '1', type: 'job', data: '{"a":\n"ü"}' },
        { id: '2', type: 'message', data: 'x' },
        { id: '3', type: 'message', data: 'y' },
      ]);
    }
  });
});

describe('what a job tells', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const told = (mayAsk: boolean, ...log: object[]): WorkEvent[] => {
    const events: WorkEvent[] = [];
    const { tell, flush } = retell((event) => events.push(event), mayAsk);
    for (const [index, event] of log.entries()) tell({ sequence: index + 1, event: { at, ...event } });
    flush();
    return events;
  };
  const failed = { type: 'step-failed', step: 'connect', message: 'no' };
  const end = (code: string) => ({ type: 'job', state: 'failed', reason: 'ended', error: { code, message: 'm' } });

  it('is what the work itself would have told', () => {
    const finished = { type: 'step-finished', step: 'files', message: 'm', seconds: 1 };
    expect(told(false, { type: 'job', reason: 'begun' }, finished, { type: 'newer' })).toEqual([finished]);
    expect(told(false, failed, end('UNREACHABLE'))).toEqual([failed]);
  });

  it('holds no failure of a job that only lacked a log-in, and every other one', () => {
    expect(told(true, failed, end('LOGIN_NEEDED'))).toEqual([]);
    expect(told(true, failed, end('UNREACHABLE'))).toEqual([failed]);
    expect(told(false, failed, end('LOGIN_NEEDED'))).toEqual([failed]);
  });

  it('says when it is tried again', () => {
    const again = { type: 'job', reason: 'retry', retryAt: Date.parse(at) + 5_000, error: { code: 'X', message: 'm' } };
    const stopped = { ...failed, step: 'provision', message: 'stopped' };
    expect(told(false, failed, stopped, again)).toEqual([
      failed,
      stopped,
      { type: 'retry', step: 'connect', message: 'm', waitSeconds: 5 },
    ]);
  });
});
