import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { INSTANCE_PROTOCOL } from '../../../src/instance/declared.ts';
import type { InstanceContext, InstanceOperations } from '../../../src/instance/types.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { openAssignments } from '../../../src/sidecar/assignment.ts';
import { openEpochs } from '../../../src/sidecar/epochs.ts';
import { createJobs, type Jobs } from '../../../src/sidecar/jobs.ts';
import { EPOCH_HEADER, PROTOCOL_HEADER, TOKEN_HEADER } from '../../../src/sidecar/protocol.ts';
import { createSidecarServer } from '../../../src/sidecar/server.ts';
import { makeTemp } from '../../support/temp.ts';
import { workContext } from '../../support/work.ts';

const TOKEN = 'right-token';
const headers = (changes: object = {}) => ({
  [TOKEN_HEADER]: TOKEN,
  [EPOCH_HEADER]: '1',
  [PROTOCOL_HEADER]: String(INSTANCE_PROTOCOL),
  ...changes,
});
const resetJob = { id: 'job-12345678', kind: 'reset' };

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

/** A sidecar whose resets are ended by the test. */
async function sidecar(ready: () => Promise<void> = async () => undefined) {
  const work = workContext();
  const resets: { context: InstanceContext; resolve: () => void; reject: (error: Error) => void }[] = [];
  const refused = async (): Promise<never> => {
    throw new WpcloneError('INTERNAL', 'not part of this test');
  };
  const operations: InstanceOperations = {
    pullDatabase: refused,
    planRestore: refused,
    applyRestore: refused,
    pullFiles: refused,
    configure: refused,
    verify: refused,
    reset: (_task, context) =>
      new Promise((resolve, reject) => {
        resets.push({ context, resolve: () => resolve(undefined), reject });
        context.signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    createLoginLink: async () => 'http://localhost:20000/?wpclone-login=x',
    setExpiry: async () => undefined,
    listMail: async () => [],
    examine: async () => ({ files: 0, tables: 0, mail: 0 }),
  };
  let now = 0;
  const jobs: Jobs = createJobs(operations, { now: () => now, sleep: work.sleep });
  const folder = makeTemp('sidecar');
  const ports: (number | undefined)[] = [];
  const epochs = await openEpochs(join(folder, 'epoch'));
  app = createSidecarServer({
    operations,
    jobs,
    epochs,
    tenancy: { isBetween: refused, look: refused, end: refused, endServers: refused, beginAnew: refused },
    leave: () => undefined,
    assignments: await openAssignments(join(folder, 'assignment'), { listen: async (port) => void ports.push(port) }),
    log: work.log,
    sleep: work.sleep,
    version: '0',
    token: () => TOKEN,
    ready,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, url, jobs, resets, folder, ports, wait: (milliseconds: number) => (now += milliseconds) };
}

async function lines(
  url: string,
  path: string,
  init: RequestInit = {},
): Promise<AsyncGenerator<{ type: string } & Record<string, unknown>>> {
  const answer = await fetch(url + path, { ...init, headers: { ...headers(), 'content-type': 'application/json' } });
  expect(answer.status).toBe(200);
  return (async function* () {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of answer.body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield JSON.parse(part);
    }
  })();
}

async function nextOf(events: Awaited<ReturnType<typeof lines>>) {
  const { value } = await events.next();
  return value;
}

describe('the sidecar refuses', () => {
  test.each([
    ['no token', { [TOKEN_HEADER]: '' }, 401, 'CLUSTER_AUTH'],
    ['a wrong token', { [TOKEN_HEADER]: 'wrong-token' }, 401, 'CLUSTER_AUTH'],
    ['no epoch', { [EPOCH_HEADER]: 'x' }, 400, 'BAD_INPUT'],
  ])('%s', async (_what, changes, status, code) => {
    const { app: server } = await sidecar();
    const answer = await server.inject({ method: 'GET', url: '/v1/status', headers: headers(changes) });
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
    expect(answer.body).not.toContain(TOKEN);
  });

  test('an epoch lower than it has seen, also after a restart', async () => {
    const { app: server, folder } = await sidecar();
    const ask = (epoch: string) =>
      server.inject({ method: 'GET', url: '/v1/status', headers: headers({ [EPOCH_HEADER]: epoch }) });
    expect((await ask('3')).statusCode).toBe(200);
    const late = await ask('2');
    expect([late.statusCode, late.json().error.code]).toEqual([409, 'CLUSTER_CONFLICT']);
    expect((await openEpochs(join(folder, 'epoch'))).current()).toBe(3);
  });

  test('a job that makes no sense', async () => {
    const { app: server } = await sidecar();
    for (const payload of [
      { id: 'x', kind: 'reset' },
      { id: 'job-12345678', kind: 'dig' },
      { ...resetJob, kind: 'verify' },
    ]) {
      const answer = await server.inject({ method: 'POST', url: '/v1/jobs', headers: headers(), payload });
      expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'BAD_INPUT']);
    }
  });

  test.each([
    ['an older wpclone, which is to be updated', '1', { kind: 'pull-database', task: {} }, 'this wpclone is too old'],
    ['an older wpclone that knows the job otherwise', '1', { kind: 'verify', task: {} }, 'this wpclone is too old'],
    [
      'a newer wpclone that asks for what it does not know',
      '99',
      { kind: 'dig' },
      'image of the clone.s pod is too old',
    ],
  ])('%s', async (_what, protocol, job, message) => {
    const { app: server } = await sidecar();
    const payload = { id: 'job-12345678', ...job };
    const told = headers({ [PROTOCOL_HEADER]: protocol });
    const answer = await server.inject({ method: 'POST', url: '/v1/jobs', headers: told, payload });
    expect(answer.json().error.code).toBe('PROTOCOL_MISMATCH');
    expect(answer.json().error.message).toMatch(new RegExp(message));
    expect(answer.headers[PROTOCOL_HEADER]).toBe(String(INSTANCE_PROTOCOL));
  });

  test('a second job while one is running', async () => {
    const { app: server, url, resets } = await sidecar();
    await lines(url, '/v1/jobs', { method: 'POST', body: JSON.stringify(resetJob) });
    const payload = { id: 'job-87654321', kind: 'reset' };
    const answer = await server.inject({ method: 'POST', url: '/v1/jobs', headers: headers(), payload });
    expect(answer.json().error).toMatchObject({ code: 'BUSY', retryable: true });
    resets[0]?.resolve();
  });
});

describe('an instance is given to a clone', () => {
  const assignment = { cloneId: 'mysite', url: 'http://127.0.0.1:20123' };
  const assigning = async () => {
    const { app: server, folder, ports } = await sidecar();
    const assign = async (epoch: string, payload: object) => {
      const told = headers({ [EPOCH_HEADER]: epoch });
      const { statusCode } = await server.inject({ method: 'POST', url: '/v1/assign', headers: told, payload });
      return statusCode;
    };
    return { assign, folder, ports };
  };

  test('once in an epoch: the same may be said again, another clone is refused', async () => {
    const { assign, ports } = await assigning();
    expect(await assign('2', assignment)).toBe(200);
    expect(await assign('2', assignment)).toBe(200);
    expect(await assign('2', { ...assignment, cloneId: 'other' })).toBe(409);
    expect(await assign('1', assignment)).toBe(409);
    expect(ports).toEqual([20123, 20123]);
  });

  test('anew in a later epoch, and whoever comes with an older one is refused, also after a restart', async () => {
    const { assign, folder, ports } = await assigning();
    await assign('2', assignment);
    expect(await assign('3', { cloneId: 'other', url: 'https://other.clones.example' })).toBe(200);
    // Behind a domain nobody uses a port of this machine.
    expect(ports).toEqual([20123, undefined]);
    const again = await openAssignments(join(folder, 'assignment'), { listen: async () => undefined });
    await expect(again.assign(assignment, 2)).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' });
    await expect(again.assign(assignment, 3)).rejects.toThrow('given to other in epoch 3');
  });
});

describe('a job', () => {
  test('goes on when nobody watches, and is taken up by its id without being started again', async () => {
    const { url, jobs, resets } = await sidecar();
    const controller = new AbortController();
    const first = await lines(url, '/v1/jobs', {
      method: 'POST',
      body: JSON.stringify(resetJob),
      signal: controller.signal,
    });
    expect(await nextOf(first)).toEqual({ type: 'alive' });
    resets[0]?.context.progress({ rows: 7 }, 'half-way');
    expect(await nextOf(first)).toMatchObject({ type: 'progress', counters: { rows: 7 } });
    controller.abort();

    const again = await lines(url, '/v1/jobs', { method: 'POST', body: JSON.stringify(resetJob) });
    expect(await nextOf(again)).toMatchObject({ type: 'progress', counters: { rows: 7 }, message: 'half-way' });
    resets[0]?.resolve();
    expect(await nextOf(again)).toEqual({ type: 'result', value: null });
    expect(resets).toHaveLength(1);
    expect(jobs.find(resetJob.id)?.running).toBe(false);
    // Who was away for the end still learns it.
    expect(await nextOf(await lines(url, `/v1/jobs/${resetJob.id}`))).toEqual({ type: 'result', value: null });
  });

  test('ends with its coded error', async () => {
    const { url, resets } = await sidecar();
    const events = await lines(url, '/v1/jobs', { method: 'POST', body: JSON.stringify(resetJob) });
    await nextOf(events);
    resets[0]?.reject(new WpcloneError('DISK_FULL', 'No space.', { details: { path: '/wpclone' } }));
    const error = { code: 'DISK_FULL', message: 'No space.', details: { path: '/wpclone' }, retryable: false };
    expect(await nextOf(events)).toEqual({ type: 'error', error });
  });

  test('is cancelled when asked, and has stopped when that is answered', async () => {
    const { app: server, url, jobs, resets } = await sidecar();
    await lines(url, '/v1/jobs', { method: 'POST', body: JSON.stringify(resetJob) });
    const answer = await server.inject({ method: 'POST', url: `/v1/jobs/${resetJob.id}/cancel`, headers: headers() });
    expect(answer.statusCode).toBe(200);
    expect([resets[0]?.context.signal.aborted, jobs.find(resetJob.id)?.running]).toEqual([true, false]);
  });

  test('tells its watchers when the pod is stopped', async () => {
    const { url, jobs } = await sidecar();
    const events = await lines(url, '/v1/jobs', { method: 'POST', body: JSON.stringify(resetJob) });
    await nextOf(events);
    await jobs.stop(new WpcloneError('INSTANCE_LOST', 'Stopped.'));
    expect(await nextOf(events)).toMatchObject({ type: 'error', error: { code: 'INSTANCE_LOST' } });
  });
});

test('is ready when database and web server are, and says why it is not', async () => {
  const { app: server } = await sidecar(async () => {
    throw new WpcloneError('DATABASE_FAILED', 'The database does not answer yet (ENOENT).');
  });
  const ready = await server.inject({ method: 'GET', url: '/readyz' });
  expect([ready.statusCode, ready.json().reason]).toEqual([503, 'The database does not answer yet (ENOENT).']);
  expect((await server.inject({ method: 'GET', url: '/healthz' })).statusCode).toBe(200);
});
