import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'undici';
import type { Attempt } from '../../../src/agent/jobs/types.ts';
import { testApi, type TestApi } from '../../support/agent.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { workContext } from '../../support/work.ts';

let api: TestApi;
let port: number;
let beat: () => void = () => undefined;
beforeEach(async () => {
  // Fifteen seconds, after which a reader is asked whether it is there, are over when the test says so.
  const real = workContext();
  const sleep: typeof real.sleep = (milliseconds, signal) =>
    milliseconds === 15_000 ? new Promise((resolve) => (beat = resolve)) : real.sleep(milliseconds, signal);
  api = await testApi({ work: { ...real, sleep } });
  port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterEach(() => api.close());

const say = (attempt: Attempt, message: string) =>
  api.store.append(attempt, { type: 'step-finished', step: 'files', message, seconds: 1 });
const fail = (attempt: Attempt) => api.store.fail(attempt, { code: 'UNREACHABLE', message: 'No.', next_steps: [] });
async function begin(customer?: string) {
  const { job } = await api.store.enqueue(newJob(customer === undefined ? {} : { customer }));
  const { attempt } = await claimed(api.store);
  return { job, path: `/api/v2/jobs/${job.id}/events`, attempt };
}

/** What a reader heard, and how its socket was closed; `refused` when it was never opened. */
async function read(
  path: string,
  headers: Record<string, string> = {},
  heard: (text: string) => void = () => undefined,
) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  const said: { sequence: number; event: { type: string; message?: string; state?: string } }[] = [];
  return new Promise<{ said: typeof said; end: number | 'refused' }>((resolve) => {
    let opened = false;
    socket.addEventListener('open', () => (opened = true));
    socket.addEventListener('message', ({ data }) => {
      said.push(JSON.parse(String(data)));
      heard(String(data));
    });
    socket.addEventListener('error', () => !opened && resolve({ said, end: 'refused' }));
    socket.addEventListener('close', ({ code }) => resolve({ said, end: opened ? code : 'refused' }));
  });
}

/** A reader that takes nothing, answers nothing and says that it is there. */
async function lazy(path: string, authorization: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  const key = randomBytes(16).toString('base64');
  const asked = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
  socket.write(asked);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
  return socket.pause();
}

describe('the log over a WebSocket', () => {
  it('is told in order from the event on that the reader names, and closed with the job', async () => {
    const { path, attempt } = await begin();
    const headers = api.bearer(['read']);
    const reading = read(path, headers);
    await say(attempt, 'one');
    await say(attempt, 'two');
    await fail(attempt);
    const { said, end } = await reading;
    expect(end).toBe(1000);
    expect(said.map(({ event }) => event.message ?? event.state)).toEqual([
      'pending',
      'running',
      'one',
      'two',
      'failed',
    ]);
    const third = said[2]?.sequence ?? 0;
    const rest = await read(`${path}?after=${third}`, headers);
    expect(rest).toEqual({ said: said.slice(3), end: 1000 });
    expect(await read(`${path}?after=${said.at(-1)?.sequence}`, headers)).toEqual({ said: [], end: 1000 });
  });

  it('opens with a token or a ticket that is used once, and to nobody else', async () => {
    const { job, path, attempt } = await begin('a');
    await fail(attempt);
    const page = { host: '127.0.0.1', origin: 'https://elsewhere.example' };
    const asked = await api.app.inject({
      method: 'POST',
      url: `/api/v2/jobs/${job.id}/ticket`,
      headers: api.bearer(['read'], 'a'),
    });
    const { ticket }: { ticket: string } = asked.json();
    const ends = [];
    for (const [address, headers] of [
      [`${path}?ticket=${ticket}`, {}],
      [`${path}?ticket=${ticket}`, {}],
      [path, {}],
      [path, api.bearer(['read'], 'b')],
      [path, { ...api.bearer(['read'], 'a'), ...page }],
      [path.replace(job.id, 'job-none'), api.bearer(['read'], 'a')],
      ['/api/v2/jobs', api.bearer(['read'], 'a')],
      [path, api.bearer(['read'], 'a')],
    ] as const)
      ends.push((await read(address, headers)).end);
    expect(ends.slice(0, 6)).toEqual([1000, 'refused', 'refused', 'refused', 'refused', 'refused']);
    // Where there is no stream it leads nowhere.
    expect([1005, 1006, 'refused']).toContain(ends[6]);
    expect(ends[7]).toBe(1000);
  });

  it('holds nobody up for a reader that takes nothing, and not the end of the agent', async () => {
    const { path, attempt } = await begin();
    const headers = api.bearer(['read']);
    await lazy(path, headers.authorization);
    const message = 'x'.repeat(20_000);
    const reading = read(path, headers);
    for (let n = 0; n < 200; n += 1) await say(attempt, message);
    await fail(attempt);
    const { said, end } = await reading;
    expect([said.length, end]).toEqual([203, 1000]);
    await api.app.close();
  });

  it('is cut off where nobody answers any more', async () => {
    const { path } = await begin();
    await lazy(path, api.bearer(['read']).authorization);
    const readers = () => api.app.websocketServer.clients.size;
    expect(readers()).toBe(1);
    await expect
      .poll(() => {
        beat();
        return readers();
      })
      .toBe(0);
  });

  it('is cut off when it can be read no more, as other streams are: who hears nothing would wait for ever', async () => {
    const { path, attempt } = await begin();
    const headers = api.bearer(['read']);
    let opened: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (opened = resolve));
    const reading = read(path, headers, opened);
    await first;
    const stream = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    Object.assign(api.store, { events: () => Promise.reject(new Error('The disk is gone.')) });
    await say(attempt, 'unread');
    await expect(stream.text()).rejects.toThrow('terminated');
    expect((await reading).end).toBe(1006);
  });

  it('is closed with a word when the agent ends, as other streams are', async () => {
    const { path } = await begin();
    let opened: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (opened = resolve));
    const reading = read(path, api.bearer(['read']), opened);
    await first;
    const stream = await fetch(`http://127.0.0.1:${port}${path}`, { headers: api.bearer(['read']) });
    await api.app.close();
    expect((await reading).end).toBe(1001);
    expect(await stream.text()).toMatch(/event: goodbye\ndata: \{\}\n\n$/);
  });
});
