import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testApi, type TestApi } from '../../support/agent.ts';
import { LIMITS, OWNER } from '../../support/job-store/kit.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.close());

const BODY = { source_url: 'https://mysite.example', source_username: 'admin', source_password: 'canary-password' };
const post = (url: string, payload: unknown, headers: Record<string, string>) =>
  api.app.inject({ method: 'POST', url, headers, payload: JSON.stringify(payload) });
const json = { 'content-type': 'application/json' };
const get = (url: string, headers: Record<string, string>) => api.app.inject({ method: 'GET', url, headers });
const clone = (body: object = BODY, headers: Record<string, string> = {}) =>
  post('/api/v2/clone', body, { ...json, ...api.bearer(['clone', 'read']), ...headers });

describe('POST /api/v2/clone', () => {
  it('answers with the job and where to ask about it, and wakes who carries it out', async () => {
    const answer = await clone({ ...BODY, customer_id: 'mine', ttl_minutes: 45 });
    expect(answer.statusCode).toBe(202);
    const { job_id: id } = answer.json<{ job_id: string }>();
    expect(answer.json()).toEqual({ job_id: id, status: 'pending', status_url: `/api/v2/job-status/${id}` });
    expect(answer.headers).toMatchObject({ location: `/api/v2/job-status/${id}`, 'retry-after': '1' });
    expect(api.woken()).toBe(1);
    const claimed = await api.store.claim(OWNER, LIMITS);
    expect(claimed?.secrets).toEqual({ source_password: 'canary-password' });
    expect(claimed?.job).toMatchObject({ clone: 'mine', sourceHost: 'mysite.example' });
    expect(claimed?.job.request).toMatchObject({ url: 'https://mysite.example', ttlSeconds: 2700, name: 'mine' });
  });

  it.each([
    ['an unknown field', { ...BODY, ttl: 3 }, 'ttl'],
    ['no address', { source_username: 'admin' }, 'source_url'],
    ['a time of 0', { ...BODY, ttl_minutes: 0 }, 'ttl_minutes'],
    ['a time of -1', { ...BODY, ttl_minutes: -1 }, 'ttl_minutes'],
    ['a time that is a text', { ...BODY, ttl_minutes: '30' }, 'ttl_minutes'],
    ['a time of years', { ...BODY, ttl_minutes: 1e9 }, 'ttl_minutes'],
    ['a name that is none', { ...BODY, customer_id: '../x' }, 'customer_id'],
    ['an address with a password', { ...BODY, source_url: 'https://admin:canary-2@mysite.example' }, 'source_url'],
    ['an address of something else', { ...BODY, source_url: 'ftp://mysite.example' }, 'source_url'],
    ['a log-in page with a password', { ...BODY, login_url: 'admin:canary-2@mysite.example/in' }, 'login_url'],
    ['a list instead of an object', [BODY], 'body'],
  ])('refuses %s, names the field and never repeats the password', async (_, body, field) => {
    const answer = await clone(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'BAD_INPUT' } });
    expect(answer.body).toContain(field);
    expect(answer.body).not.toContain('canary');
    expect(await api.store.list()).toEqual([]);
  });

  it('refuses what is no JSON, and what is too large', async () => {
    const headers = { ...json, ...api.bearer(['clone']) };
    const broken = await api.app.inject({
      method: 'POST',
      url: '/api/v2/clone',
      headers,
      payload: '{"source_password":"canary',
    });
    expect([broken.statusCode, broken.body.includes('canary')]).toEqual([400, false]);
    const large = await clone({ ...BODY, source_url: 'x'.repeat(2 * 2 ** 20) });
    expect([large.statusCode, large.json<{ error: { code: string } }>().error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('says that it is too large also to those who send all of it before they read', async () => {
    const { port } = new URL(await api.app.listen({ host: '127.0.0.1', port: 0 }));
    const { authorization } = api.bearer(['clone']);
    for (const length of ['content-length: 2000008', 'transfer-encoding: chunked']) {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      await once(socket, 'connect');
      const head = `POST /api/v2/clone HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: ${authorization}\r\n`;
      const parts = [`${head}content-type: application/json\r\n${length}\r\n\r\n`];
      for (let part = 0; part < 8; part += 1)
        parts.push(length.startsWith('content') ? 'x'.repeat(250_001) : `3d091\r\n${'x'.repeat(250_001)}\r\n`);
      if (!length.startsWith('content')) parts.push('0\r\n\r\n');
      for (const part of parts) {
        await new Promise<void>((resolve, reject) => {
          socket.write(part, (error) => (error == null ? resolve() : reject(error)));
        });
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [^]*BODY_TOO_LARGE/);
    }
  });

  it('wants more than the right to clone for what weakens a clone', async () => {
    const weak = await clone({ ...BODY, keep_mail: true });
    expect([weak.statusCode, weak.json<{ error: { code: string } }>().error.code]).toEqual([403, 'SCOPE_MISSING']);
    const strong = await post('/api/v2/clone', { ...BODY, keep_mail: true }, { ...json, ...api.bearer(['admin']) });
    expect(strong.statusCode).toBe(202);
  });

  it('gives twenty calls with one key one job, and refuses the key for another request', async () => {
    const headers = { ...json, ...api.bearer(['clone']), 'idempotency-key': 'k-1' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/api/v2/clone', BODY, headers)));
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers['idempotency-replayed'] === 'true')).toHaveLength(19);
    const other = await post('/api/v2/clone', { ...BODY, ttl_minutes: 5 }, headers);
    expect([other.statusCode, other.json<{ error: { code: string } }>().error.code]).toEqual([
      422,
      'IDEMPOTENCY_CONFLICT',
    ]);
  });

  it('says 409 for a name that another job is about to give, and 429 when too many wait', async () => {
    await clone({ ...BODY, customer_id: 'mine' });
    expect((await clone({ ...BODY, customer_id: 'mine' })).statusCode).toBe(409);
    for (let n = 0; n < 99; n += 1) await clone();
    const full = await clone();
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '30']);
  });
});

describe('who calls', () => {
  it('is asked for a token, whatever is wrong with it, before anything else is said', async () => {
    for (const authorization of ['', 'Bearer wpc_abc', 'Basic YTpi', `Bearer ${'x'.repeat(9000)}`]) {
      const answer = await get('/api/v2/jobs', { host: '127.0.0.1', authorization });
      expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([401, 'UNAUTHORIZED']);
    }
  });

  it('must be no page of another site: a foreign Host or Origin is refused, also with a token', async () => {
    const good = api.bearer(['read']);
    expect((await get('/api/v2/jobs', { ...good, host: 'evil.example' })).statusCode).toBe(403);
    expect((await get('/api/v2/jobs', { ...good, origin: 'https://evil.example' })).statusCode).toBe(403);
    // A clone on this machine is another site, too.
    expect((await get('/api/v2/jobs', { ...good, origin: 'http://127.0.0.1:8101' })).statusCode).toBe(403);
    expect((await get('/api/v2/jobs', { ...good, origin: 'http://127.0.0.1:8420' })).statusCode).toBe(200);
    expect((await get('/livez', { host: 'evil.example' })).statusCode).toBe(403);
    expect((await get('/livez', { host: '127.0.0.1' })).statusCode).toBe(200);
  });

  it('sees nothing of other customers: their jobs are not there', async () => {
    const a = { ...json, ...api.bearer(['clone', 'read'], 'a') };
    const { job_id: id } = (await post('/api/v2/clone', BODY, a)).json<{ job_id: string }>();
    const b = api.bearer(['clone', 'read'], 'b');
    expect((await get(`/api/v2/job-status/${id}`, b)).statusCode).toBe(404);
    expect((await get(`/api/v2/jobs/${id}/events`, b)).statusCode).toBe(404);
    expect((await post(`/api/v2/jobs/${id}/cancel`, {}, { ...json, ...b })).statusCode).toBe(404);
    expect((await get('/api/v2/jobs', b)).json()).toEqual({ jobs: [] });
    expect((await get('/api/v2/jobs', a)).json()).toMatchObject({ jobs: [{ job_id: id }] });
  });

  it('does not what concerns all customers when it is bound to one, whatever its scopes', async () => {
    const [bound, operator] = [api.bearer(['admin'], 'acme'), api.bearer(['admin'])];
    for (const [url, body] of [
      ['/api/v2/gc', {}],
      ['/api/v2/agent/stop', {}],
      ['/api/v2/disconnect', { source_url: 'https://mysite.example' }],
    ] as const) {
      const refused = await post(url, body, { ...json, ...bound });
      expect([refused.statusCode, refused.json<{ error: { code: string } }>().error.code]).toEqual([
        403,
        'SCOPE_MISSING',
      ]);
    }
    expect((await get('/api/v2/agent/status', bound)).statusCode).toBe(403);
    expect((await get('/api/v2/agent/status', operator)).statusCode).toBe(200);
  });

  it('may call as often as the agent allows', async () => {
    await api.close();
    api = await testApi({ limits: { queue: 1, queuePerCustomer: 1, requestsPerSecond: 1, streams: 1 } });
    const good = api.bearer(['read']);
    for (let n = 0; n < 10; n += 1) expect((await get('/api/v2/jobs', good)).statusCode).toBe(200);
    const many = await get('/api/v2/jobs', good);
    expect([many.statusCode, many.headers['retry-after']]).toEqual([429, '1']);
    expect((await get('/api/v2/jobs', api.bearer(['read']))).statusCode).toBe(200);
    api.clock.now += 1_000;
    expect((await get('/api/v2/jobs', good)).statusCode).toBe(200);
  });
});

describe('a job', () => {
  const begin = async () => {
    const { job_id: id } = (await clone()).json<{ job_id: string }>();
    const claimed = await api.store.claim(OWNER, LIMITS);
    if (claimed === undefined) throw new Error('no job');
    return { id, attempt: claimed.attempt };
  };

  it('is told of with its outcome in both shapes, and with its secrets only to those who may clone', async () => {
    const { id, attempt } = await begin();
    const result = {
      clone_id: 'c-1',
      clone_url: 'http://127.0.0.1:8101',
      username: 'w',
      expires_at: 'then',
      status: 'ready',
    };
    await api.store.complete(attempt, result, { password: 'secret-p', login_url: 'http://x/?secret-l' });
    const maker = await get(`/api/v2/job-status/${id}`, api.bearer(['clone', 'read']));
    const whole = { ...result, password: 'secret-p', login_url: 'http://x/?secret-l' };
    expect(maker.json()).toMatchObject({
      job_id: id,
      type: 'clone',
      progress: 100,
      ...whole,
      status: 'completed',
      result: whole,
    });
    for (const url of [`/api/v2/job-status/${id}`, '/api/v2/jobs', `/api/v2/jobs/${id}/events`])
      expect((await get(url, api.bearer(['read']))).body).not.toContain('secret');
  });

  it('is waited for as long as the caller says, and not longer than it takes', async () => {
    const { id, attempt } = await begin();
    const asked = get(`/api/v2/job-status/${id}?wait=30`, api.bearer(['read']));
    await api.store.fail(attempt, { code: 'LOGIN_FAILED', message: 'Wrong.', next_steps: ['Check it.'] });
    expect((await asked).json()).toMatchObject({
      status: 'failed',
      error: { code: 'LOGIN_FAILED', message: 'Wrong.', next_steps: ['Check it.'] },
      result: null,
    });
  });

  it('is cancelled once, and not when it has ended', async () => {
    const { job_id: id } = (await clone()).json<{ job_id: string }>();
    const headers = { ...json, ...api.bearer(['clone']) };
    const answer = await post(`/api/v2/jobs/${id}/cancel`, {}, headers);
    expect(answer.statusCode).toBe(202);
    // It ends only when what it did is taken back: whoever asked is told where to look, as by every other 202.
    expect(answer.headers).toMatchObject({ location: `/api/v2/job-status/${id}`, 'retry-after': '1' });
    const again = await post(`/api/v2/jobs/${id}/cancel`, {}, headers);
    expect([again.statusCode, again.json<{ error: { code: string } }>().error.code]).toEqual([409, 'JOB_ENDED']);
  });

  it('is waited for by the old call, which says that it is old', async () => {
    const asked = post('/clone', BODY, { ...json, ...api.bearer(['clone']) });
    await expect.poll(async () => (await api.store.list()).length).toBe(1);
    const claimed = await api.store.claim(OWNER, LIMITS);
    await api.store.complete(
      claimed?.attempt ?? { id: '', epoch: 0 },
      { clone_id: 'c', clone_url: 'u' },
      { password: 'p' },
    );
    const answer = await asked;
    expect(answer.json()).toMatchObject({ success: true, clone_id: 'c', clone_url: 'u', password: 'p' });
    expect(answer.headers).toMatchObject({
      deprecation: '@1790000000',
      link: '</api/v2/clone>; rel="successor-version"',
    });
    const later = await post('/clone?async=true', BODY, { ...json, ...api.bearer(['clone']) });
    expect([later.statusCode, later.json()]).toEqual([202, expect.objectContaining({ status: 'pending' })]);
  });

  it('a site that refuses a log-in is not taken for a wrong token', async () => {
    const asked = post('/clone', BODY, { ...json, ...api.bearer(['clone']) });
    await expect.poll(async () => (await api.store.list()).length).toBe(1);
    const claimed = await api.store.claim(OWNER, LIMITS);
    await api.store.fail(claimed?.attempt ?? { id: '', epoch: 0 }, {
      code: 'LOGIN_FAILED',
      message: 'Wrong.',
      next_steps: [],
    });
    expect([(await asked).statusCode, (await asked).json()]).toEqual([
      422,
      expect.objectContaining({ error: expect.anything() }),
    ]);
  });
});

describe('whatever is sent', () => {
  it('no password reaches an answer, the log or the database', async () => {
    const sent = [
      await clone(),
      await clone({ ...BODY, customer_id: '!' }),
      await get('/api/v2/jobs', api.bearer(['read'])),
    ];
    expect(JSON.stringify([sent.map(({ body, headers }) => [body, headers]), api.log, api.written()])).not.toContain(
      'canary',
    );
  });

  it('an agent that stops takes nothing more', async () => {
    await api.close();
    api = await testApi({ draining: () => true, ready: () => Promise.resolve('the agent stops') });
    const answer = await clone();
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    expect((await get('/readyz', { host: '127.0.0.1' })).statusCode).toBe(503);
  });

  it('is described by the agent itself', async () => {
    const spec = (await get('/openapi.json', api.bearer(['read']))).json<{ openapi: string; paths: object }>();
    expect(spec.openapi).toBe('3.1.0');
    expect(Object.keys(spec.paths)).toContain('/api/v2/clone');
  });
});
