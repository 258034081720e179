import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testApi, type TestApi } from '../../support/agent.ts';
import { apiDocuments } from '../../support/api-documents.ts';
import { claimed, LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.close());

const json = { 'content-type': 'application/json' };
type Method = 'GET' | 'POST' | 'DELETE';
const call = async (method: Method, url: string, headers: Record<string, string>, body?: object) => {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const answer = await api.app.inject({ method, url, headers: { ...(body && json), ...headers }, ...payload });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, body: bodyOf(answer.body) };
};
interface Body {
  readonly job_id?: string;
  readonly status_url?: string;
  readonly ticket?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly events?: readonly { readonly sequence: number }[];
}
const bodyOf = (text: string): Body => (text.startsWith('{') ? JSON.parse(text) : {});
const code = ({ status, body }: { status: number; body: Body }) => [status, body.error?.code];

/** Every field that weakens nothing. */
const FULL = {
  source_url: 'mysite.example/blog',
  source_username: 'admin',
  source_password: 'canary-1',
  http_auth_username: 'staging',
  http_auth_password: 'canary-2',
  customer_id: 'full',
  ttl_minutes: 45,
  login_url: 'https://mysite.example/enter',
  media: 'proxy',
  exclude_tables: ['*_log'],
  include_tables: ['acme_*'],
  exclude_paths: ['wp-content/uploads/**'],
  id_gap: 5000,
  defines: { ACME_STAGE: 'production', ACME_LIMIT: 3, ACME_ON: true, ACME_NONE: null },
  php: '8.2.29',
  strict: true,
};

describe('a clone through the API', () => {
  it('takes a field for each flag of the command, and keeps the passwords apart', async () => {
    const body = { ...FULL, keep_mail: true, allow_exec: true, insecure: true };
    expect((await call('POST', '/api/v2/clone', api.bearer(['admin']), body)).status).toBe(202);
    const { job, secrets } = await claimed(api.store);
    expect(job.request).toEqual({
      url: 'mysite.example/blog',
      name: 'full',
      username: 'admin',
      loginUrl: 'https://mysite.example/enter',
      insecureTls: true,
      ttlSeconds: 2700,
      media: 'proxy',
      excludeTables: ['*_log'],
      includeTables: ['acme_*'],
      excludePaths: ['wp-content/uploads/**'],
      keepMail: true,
      allowExec: true,
      strict: true,
      idGap: 5000,
      php: '8.2',
    });
    const words = { source_password: 'canary-1', http_auth_username: 'staging', http_auth_password: 'canary-2' };
    expect(secrets).toEqual(words);
  });

  it.each(['keep_mail', 'allow_exec', 'insecure'])('wants the scope admin for %s', async (field) => {
    const answer = await call('POST', '/api/v2/clone', api.bearer(['clone', 'read']), { ...FULL, [field]: true });
    expect(code(answer)).toEqual([403, 'SCOPE_MISSING']);
  });

  it.each([
    ['defines', { defines: { DB_NAME: 'x' } }],
    ['defines', { defines: { 'no name': 'x' } }],
    ['defines.ACME', { defines: { ACME: { deep: 1 } } }],
    ['php', { php: 'newest' }],
    ['id_gap', { id_gap: -1 }],
    ['http_auth_password', { http_auth_password: undefined }],
    ['http_auth_password', { http_auth_username: undefined }],
    ['include_tables', { include_tables: 'acme_*' }],
    ['allow_exec', { allow_exec: 'yes' }],
  ])('names the field %s when it is wrong, and repeats no password', async (field, wrong) => {
    const answer = await call('POST', '/api/v2/clone', api.bearer(['admin']), { ...FULL, ...wrong });
    expect(code(answer)).toEqual([400, 'BAD_INPUT']);
    expect(answer.body.error?.message).toContain(field);
    expect(answer.text).not.toContain('canary');
    expect(answer.text).toContain('/openapi.json');
    expect(await api.store.list()).toEqual([]);
  });

  it('logs in anew for a customer that made no clone of the site of late: the key may be another customer’s', async () => {
    const clone = async (customer: string | undefined, source_url: string) => {
      await call('POST', '/api/v2/clone', api.bearer(['clone'], customer), { source_url });
      const { job, attempt } = await claimed(api.store);
      await api.store.complete(attempt, { clone_id: 'c' }, {});
      return job.request['mustLogIn'] ?? false;
    };
    expect(await clone(undefined, 'https://shop.example')).toBe(false);
    expect(await clone('a', 'https://shop.example')).toBe(true);
    expect(await clone('a', 'http://www.shop.example/')).toBe(false);
    expect(await clone('a', 'https://shop.example/other')).toBe(true);
    expect(await clone('b', 'https://shop.example')).toBe(true);
    api.clock.now += 61 * 60_000;
    expect(await clone('a', 'https://shop.example')).toBe(true);
  });
});

describe('a failed job', () => {
  const failed = async (changes: object = {}) => {
    const request = { url: 'https://mysite.example', name: 'mine', ttlSeconds: 60, media: 'copy', ...changes };
    const { job } = await api.store.enqueue(newJob({ customer: null, request, clone: 'mine' }));
    const { attempt } = await claimed(api.store);
    await api.store.fail(attempt, { code: 'LOGIN_NEEDED', message: 'A password.', next_steps: [] });
    return job.id;
  };

  it('is done again as a new job, with the log-in that it lacked', async () => {
    const words = { source_username: 'admin', source_password: 'canary-3' };
    const answer = await call('POST', `/api/v2/jobs/${await failed()}/retry`, api.bearer(['clone']), words);
    expect(answer.status).toBe(202);
    expect(answer.headers['location']).toBe(answer.body.status_url);
    const { job, secrets } = await claimed(api.store);
    expect(job).toMatchObject({ clone: 'mine', request: { username: 'admin', ttlSeconds: 60 } });
    expect(secrets).toEqual({ source_password: 'canary-3' });
  });

  it('is done again by nobody who could not have asked for it', async () => {
    const id = await failed({ keepMail: true });
    expect(code(await call('POST', `/api/v2/jobs/${id}/retry`, api.bearer(['clone'])))).toEqual([403, 'SCOPE_MISSING']);
    expect((await call('POST', `/api/v2/jobs/${id}/retry`, api.bearer(['clone'], 'b'))).status).toBe(404);
  });

  it('is the only kind that can be done again', async () => {
    const { job } = await api.store.enqueue(newJob());
    const retry = () => call('POST', `/api/v2/jobs/${job.id}/retry`, api.bearer(['clone']));
    expect(code(await retry())).toEqual([409, 'JOB_NOT_ENDED']);
    const { attempt } = await claimed(api.store);
    await api.store.complete(attempt, {}, {});
    expect(code(await retry())).toEqual([409, 'JOB_ENDED']);
  });
});

describe('clones that are not there', () => {
  it('are 404 at once, for what would be a job too; a deletion that is repeated is the same', async () => {
    const headers = api.bearer(['clone', 'read']);
    const calls: [Method, string][] = [
      ['GET', '/api/v2/clones/none'],
      ['GET', '/api/v2/clones/none/mail'],
      ['GET', '/api/v2/clones/none/logs'],
      ['POST', '/api/v2/clones/none/login-link'],
      ['POST', '/api/v2/clones/none/reset'],
      ['DELETE', '/api/v2/delete/none'],
    ];
    for (const [method, url] of calls) expect(code(await call(method, url, headers))).toEqual([404, 'NOT_FOUND']);
    expect(await api.store.list()).toEqual([]);
    const { job } = await api.store.enqueue(newJob({ kind: 'delete', clone: 'gone', customer: null }));
    expect(await call('DELETE', '/api/v2/delete/gone', headers)).toMatchObject({
      status: 202,
      body: { job_id: job.id },
    });
    const { attempt } = await claimed(api.store);
    await api.store.complete(attempt, {}, {});
    const again = await call('DELETE', '/api/v2/delete/gone', headers);
    expect([again.status, again.body]).toEqual([200, { clone_id: 'gone', deleted: true }]);
  });
});

describe('the log of a job', () => {
  it('can be read in parts by who cannot read a stream, and waits for the next part', async () => {
    const { job } = await api.store.enqueue(newJob());
    const { attempt } = await claimed(api.store);
    const read = (query: string) => call('GET', `/api/v2/jobs/${job.id}/log?${query}`, api.bearer(['read']));
    const first = (await read('')).body;
    expect(first).toMatchObject({
      ended: false,
      events: [{ event: { reason: 'accepted' } }, { event: { reason: 'begun' } }],
    });
    const after = first.events?.[1]?.sequence ?? 0;
    const asked = read(`after=${after}&wait=30`);
    await api.store.append(attempt, { type: 'step-started', step: 'connect' });
    expect((await asked).body).toMatchObject({ events: [{ event: { type: 'step-started' } }], ended: false });
    await api.store.fail(attempt, { code: 'UNREACHABLE', message: 'No.', next_steps: [] });
    expect((await read(`after=${after + 1}&wait=30`)).body).toMatchObject({
      events: [{ event: { state: 'failed' } }],
      ended: true,
    });
    expect((await call('GET', `/api/v2/jobs/${job.id}/log`, api.bearer(['read'], 'b'))).status).toBe(404);
  });
});

describe('a ticket', () => {
  it('opens the events of its job once, within a minute, and nothing else', async () => {
    const { job } = await api.store.enqueue(newJob({ customer: 'a' }));
    const { attempt } = await claimed(api.store);
    await api.store.fail(attempt, { code: 'UNREACHABLE', message: 'No.', next_steps: [] });
    const host = { host: '127.0.0.1' };
    const ticket = async (customer = 'a') => {
      const answer = await call('POST', `/api/v2/jobs/${job.id}/ticket`, api.bearer(['read'], customer));
      return [answer.status, String(answer.body.ticket)] as const;
    };
    const open = async (id: string, word: string) =>
      (await call('GET', `/api/v2/jobs/${id}/events?ticket=${word}`, host)).status;
    const [status, first] = await ticket();
    expect([status, await open(job.id, first), await open(job.id, first)]).toEqual([200, 200, 401]);
    expect((await ticket('b'))[0]).toBe(404);
    const [, wrong] = await ticket();
    expect([await open('job-other', wrong), await open(job.id, wrong)]).toEqual([401, 401]);
    const [, late] = await ticket();
    api.clock.now += 61_000;
    expect(await open(job.id, late)).toBe(401);
    const [, other] = await ticket();
    expect((await call('GET', `/api/v2/jobs/${job.id}/log?ticket=${other}`, host)).status).toBe(401);
  });
});

describe('an old call', () => {
  it('says that it is old, and which one replaces it', async () => {
    const { job } = await api.store.enqueue(newJob({ customer: null }));
    const { headers } = await call('GET', `/jobs/${job.id}`, api.bearer(['read']));
    expect(headers).toMatchObject({
      deprecation: '@1790000000',
      link: `</api/v2/job-status/${job.id}>; rel="successor-version"`,
    });
    expect((await call('GET', `/api/v2/jobs/${job.id}`, api.bearer(['read']))).headers['deprecation']).toBeUndefined();
  });

  it('that waited for a job which failed names the job and what to do next', async () => {
    const asked = call('POST', '/clone', api.bearer(['clone']), { source_url: 'https://mysite.example' });
    await expect.poll(async () => (await api.store.list()).length).toBe(1);
    const ended = await api.store.claim(OWNER, LIMITS);
    if (ended === undefined) throw new Error('no job');
    await api.store.fail(ended.attempt, { code: 'LOGIN_FAILED', message: 'Wrong.', next_steps: ['Check it.'] });
    const { status, body } = await asked;
    expect([status, body]).toEqual([
      422,
      { error: { code: 'LOGIN_FAILED', message: 'Wrong.', next_steps: ['Check it.'] }, job_id: ended.job.id },
    ]);
  });
});

describe('what docs/ says of the API', () => {
  it('is what the agent says itself (npm run openapi writes it anew)', async () => {
    for (const [file, content] of await apiDocuments()) expect(readFileSync(file, 'utf8')).toBe(content);
  });
});

it.each([
  ['is none', '%zz'],
  ['has too long a part', 'x'.repeat(300)],
])('an address that %s is refused as everything is, and not repeated', async (_, id) => {
  const answer = await call('GET', `/api/v2/jobs/${id}`, api.bearer(['read']));
  expect(code(answer)).toEqual([400, 'BAD_INPUT']);
  expect(answer.text).not.toContain(id);
});
