import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { testApi, type TestApi } from '../../support/agent.ts';
import { claimed } from '../../support/job-store/kit.ts';

const apis: TestApi[] = [];
afterEach(async () => {
  for (const api of apis.splice(0).toReversed()) await api.close();
});
const open = async (changes: Parameters<typeof testApi>[0] = {}): Promise<TestApi> => {
  const api = await testApi(changes);
  apis.push(api);
  return api;
};

const BODY = { source_url: 'https://mysite.example', source_username: 'admin', source_password: 'canary-password' };
const post = (api: TestApi, url: string, payload: object, headers: Readonly<Record<string, string>>) =>
  api.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json', ...headers }, payload });

describe('a job that was kept when its agent died before it could say so', () => {
  it('is the job of the same request that comes again, and no second one', async () => {
    const died = () => {
      throw new Error('killed between the commit and the answer');
    };
    const first = await open({ wake: died });
    const headers = { ...first.bearer(['clone']), 'idempotency-key': 'k-1' };
    expect((await post(first, '/api/v2/clone', BODY, headers)).statusCode).toBe(500);
    const [kept] = await first.store.list();
    const next = await open({ store: first.store, tokens: first.tokens });
    const again = await post(next, '/api/v2/clone', BODY, headers);
    expect([again.statusCode, again.headers['idempotency-replayed'], again.json<object>()]).toMatchObject([
      202,
      'true',
      { job_id: kept?.id },
    ]);
    expect(await first.store.list()).toHaveLength(1);
  });
});

/** Requests as callers of the earlier system send them, with and without what its two descriptions call optional. */
const RECORDED = [
  ['with all that it knows', { ...BODY, customer_id: 'acme-42', ttl_minutes: 30 }],
  ['without a name', { ...BODY, ttl_minutes: 30 }],
  ['without a time', { ...BODY, customer_id: 'acme-42' }],
  ['without a log-in', { source_url: BODY.source_url, customer_id: 'acme-42', ttl_minutes: 60 }],
  ['with the address only', { source_url: BODY.source_url }],
] as const;

describe.each(RECORDED)('a caller of the earlier system, %s', (_, body) => {
  const OUTCOME = { clone_id: 'acme-42', clone_url: 'https://acme-42.clones.example', username: 'admin' };
  const SECRETS = { password: 'p', login_url: 'https://acme-42.clones.example/?in' };

  it('is answered by v2 with a job, and told of its outcome in both shapes', async () => {
    const api = await open();
    const headers = api.bearer(['clone', 'read']);
    const taken = await post(api, '/api/v2/clone', body, headers);
    const { job_id: id, status_url: url } = taken.json<{ job_id: string; status_url: string }>();
    expect([taken.statusCode, taken.json<object>()]).toMatchObject([202, { status: 'pending' }]);
    const pending = await api.app.inject({ method: 'GET', url, headers });
    expect(pending.json()).toMatchObject({ job_id: id, type: 'clone', status: 'pending', progress: 0, result: null });
    await api.store.complete((await claimed(api.store)).attempt, OUTCOME, SECRETS);
    const ended = await api.app.inject({ method: 'GET', url, headers });
    const outcome = { ...OUTCOME, ...SECRETS };
    expect(ended.json()).toMatchObject({ status: 'completed', progress: 100, ...outcome, result: outcome });
  });

  it('is answered by v1 once the clone is there, or with async=true as by v2', async () => {
    const api = await open();
    const headers = api.bearer(['clone', 'read']);
    const waiting = post(api, '/clone', body, headers);
    await expect.poll(async () => (await api.store.counts()).pending).toBe(1);
    await api.store.complete((await claimed(api.store)).attempt, OUTCOME, SECRETS);
    const blocking = await waiting;
    expect([blocking.statusCode, blocking.json<object>()]).toMatchObject([
      200,
      { success: true, ...OUTCOME, ...SECRETS },
    ]);
    const later = await post(api, '/clone?async=true', { ...body, customer_id: 'other' }, headers);
    const { job_id: id } = later.json<{ job_id: string }>();
    const asked = await api.app.inject({ method: 'GET', url: `/jobs/${id}`, headers });
    expect([later.statusCode, asked.json<object>()]).toMatchObject([202, { job_id: id, status: 'pending' }]);
  });
});

describe('a caller of v1 that does not wait', () => {
  it('hears where and when to ask, and that the job is an earlier one, as a caller of v2 does', async () => {
    const api = await open();
    const headers = { ...api.bearer(['clone']), 'idempotency-key': 'k-1' };
    const taken = await post(api, '/clone?async=true', BODY, headers);
    const { status_url: location } = taken.json<{ status_url: string }>();
    expect(taken.headers).toMatchObject({ location, 'retry-after': '1', deprecation: expect.any(String) });
    expect(taken.headers['idempotency-replayed']).toBeUndefined();
    const again = await post(api, '/clone?async=true', BODY, headers);
    expect(again.headers).toMatchObject({ location, 'retry-after': '1', 'idempotency-replayed': 'true' });
  });
});

describe('a caller of v1 that waits while the agent ends', () => {
  it('is told which job the next agent goes on with, and when to ask again', async () => {
    const closing = new AbortController();
    const api = await open({ closing: closing.signal });
    const waiting = post(api, '/clone', BODY, api.bearer(['clone', 'read']));
    await expect.poll(async () => (await api.store.counts()).pending).toBe(1);
    const [job] = await api.store.list();
    closing.abort();
    const answer = await waiting;
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(answer.json<object>()).toMatchObject({
      error: { code: 'AGENT_STOPPING', message: expect.stringContaining(String(job?.id)) },
    });
    expect(await api.store.find(String(job?.id))).toMatchObject({ state: 'pending', cancelRequested: false });
  });
});

describe('a caller of v1 that leaves before the end', () => {
  it('does the job no harm, and gets its end when it asks again with its key', async () => {
    const api = await open();
    const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { authorization } = api.bearer(['clone', 'read']);
    const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': 'k-1' };
    const leaving = new AbortController();
    const request = { method: 'POST', headers, body: JSON.stringify(BODY) };
    const first = fetch(`${url}/clone`, { ...request, signal: leaving.signal }).catch(() => 'left');
    await expect.poll(async () => (await api.store.counts()).pending).toBe(1);
    leaving.abort();
    expect(await first).toBe('left');
    await sleep(50);
    const { attempt, job } = await claimed(api.store);
    expect(job).toMatchObject({ state: 'running', cancelRequested: false });
    await api.store.complete(attempt, { clone_id: 'mine', clone_url: 'http://127.0.0.1:8101' }, {});
    const again = await fetch(`${url}/clone`, request);
    expect([again.status, await again.json()]).toMatchObject([200, { success: true, clone_id: 'mine' }]);
    expect(await api.store.list()).toHaveLength(1);
  });
});

describe('who calls too often', () => {
  it('is one caller, whatever addresses are forged, and is told when to come again', async () => {
    const api = await open({ limits: { queue: 10, queuePerCustomer: 10, requestsPerSecond: 1, streams: 1 } });
    const good = api.bearer(['read']);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => {
        const forged = { 'x-forwarded-for': `10.0.${n >> 8}.${n & 255}`, forwarded: `for=10.1.0.${n & 255}` };
        return api.app.inject({ method: 'GET', url: '/api/v2/jobs', headers: { ...good, ...forged } });
      }),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(10);
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused).toHaveLength(990);
    expect(refused.every(({ headers }) => Number(headers['retry-after']) >= 1)).toBe(true);
  });

  it('fills no queue for others: one customer is told 429 and when to come again, another is served', async () => {
    const api = await open({ limits: { queue: 10, queuePerCustomer: 2, requestsPerSecond: 100, streams: 1 } });
    const ask = (customer: string) => post(api, '/api/v2/clone', BODY, api.bearer(['clone'], customer));
    const codes = [];
    for (let n = 0; n < 3; n += 1) codes.push(await ask('a'));
    expect(codes.map(({ statusCode }) => statusCode)).toEqual([202, 202, 429]);
    expect(codes.at(-1)?.headers['retry-after']).toBe('30');
    expect((await ask('b')).statusCode).toBe(202);
  });
});
