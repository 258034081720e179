import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDirectOperations } from '../../../src/operations/direct.ts';
import type { RestoreReport } from '../../../src/operations/types.ts';
import type { CloneReport } from '../../../src/operations/clone-report.ts';
import { perform } from '../../../src/agent/work/perform.ts';
import { testApi, type TestApi } from '../../support/agent.ts';
import { LIMITS, OWNER } from '../../support/job-store/kit.ts';
import { workContext } from '../../support/work.ts';

const CLONE: CloneReport = {
  clone_id: 'mine',
  status: 'ready',
  clone_url: 'http://127.0.0.1:8101/shop',
  username: 'w',
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T00:00:00.000Z',
  runtime: 'local',
  source: { url: 'https://www.mysite.example', wordpress_version: '6.8', php_version: '8.2' },
  verified: true,
  findings: [],
};
const RESTORE: RestoreReport = {
  restore_id: 'rst-7c2abcde',
  url: 'https://www.mysite.example',
  clone_id: 'mine',
  status: 'applied',
  made_at: '2026-01-01T00:00:00.000Z',
  applied_at: null,
  rows: {},
  files: 0,
  held_ms: null,
  left: null,
};

let api: TestApi;
let restores: RestoreReport[];
let clones: CloneReport[];
beforeEach(async () => {
  [restores, clones] = [[], [CLONE]];
  const direct = createDirectOperations({ home: '/nowhere', runtime: 'local', kubernetes: {}, environment: {} });
  // Clones and restores that are there without the work of making them.
  const operations = {
    ...direct,
    list: () => Promise.resolve(clones),
    restores: { ...direct.restores, list: () => Promise.resolve(restores) },
  };
  api = await testApi({ operations });
});
afterEach(() => api.close());

const target = { username: 'admin', password: 'canary-password' };
const call = (method: 'GET' | 'POST', url: string, headers: Record<string, string>, payload?: object) =>
  api.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
const restorer = (customer?: string) => api.bearer(['restore', 'read'], customer);
const claim = async () => {
  const claimed = await api.store.claim(OWNER, LIMITS);
  if (claimed === undefined) throw new Error('no job');
  return claimed;
};
/** The clone is a customer's, who has made it just now. */
async function clonedBy(customer: string): Promise<void> {
  clones = [];
  const body = { source_url: 'https://mysite.example', customer_id: 'mine' };
  await call('POST', '/api/v2/clone', api.bearer(['clone'], customer), body);
  await api.store.complete((await claim()).attempt, { ...CLONE, source: null, findings: [] }, {});
  clones = [CLONE];
}
const codeOf = (answer: { json: () => unknown }): unknown => (answer.json() as { error: { code: string } }).error.code;

it('takes a restore under the fixed names of the API: the clone by its address, the live site with its log-in', async () => {
  const source = { url: 'http://127.0.0.1:8101/shop/', username: 'w', password: 'canary-of-the-clone' };
  const body = { source, target: { url: 'https://mysite.example', ...target } };
  const answer = await call('POST', '/api/v2/restore', restorer(), body);
  expect([answer.statusCode, answer.json()]).toMatchObject([202, { status: 'pending' }]);
  const { job, secrets } = await claim();
  expect(secrets).toEqual({ source_password: 'canary-password' });
  expect(job).toMatchObject({ kind: 'restore', clone: 'mine', sourceHost: 'mysite.example' });
  expect(job.request).toMatchObject({
    what: 'apply',
    agreed: null,
    request: { cloneId: 'mine', to: 'https://mysite.example', restore: expect.stringMatching(/^rst-/) },
  });
  expect(api.written()).not.toContain('canary');
});

it.each([
  ['a field that there is not', { clone_id: 'mine', policy: {} }, 400],
  ['neither a clone nor its address', { target }, 400],
  ['both', { clone_id: 'mine', source: { url: 'http://127.0.0.1:8101/shop' } }, 400],
  ['what is not KIND:NAME', { clone_id: 'mine', only: ['a b:c'] }, 400],
  ['what nothing can name', { clone_id: 'mine', include: ['own'] }, 400],
  ['an address with a password', { clone_id: 'mine', target: { url: 'https://a:canary@b.example' } }, 400],
  ['a clone that is not there', { clone_id: 'other' }, 404],
  ['the address of no clone, without a site to restore to', { source: { url: 'https://stranger.example' } }, 404],
])('refuses %s', async (_, body, status) => {
  const answer = await call('POST', '/api/v2/restore', restorer(), body);
  expect(answer.statusCode).toBe(status);
  expect(answer.body).not.toContain('canary');
  expect(await api.store.list()).toEqual([]);
});

it('takes two sites that nobody cloned: the first is copied for it, and what both have otherwise becomes as there', async () => {
  const source = { url: 'https://stranger.example', username: 'eve', password: 'canary-of-the-source' };
  const body = { source, target: { url: 'https://mysite.example', ...target } };
  expect((await call('POST', '/api/v2/restore', restorer(), body)).statusCode).toBe(403);
  const caller = api.bearer(['restore', 'clone', 'read'], 'a');
  expect((await call('POST', '/api/v2/restore', caller, body)).statusCode).toBe(202);
  const { attempt, job, secrets } = await claim();
  expect(secrets).toEqual({ source_password: 'canary-password', from_password: 'canary-of-the-source' });
  expect(job).toMatchObject({ clone: null, customer: 'a', sourceHost: 'mysite.example' });
  expect(job.request).toMatchObject({
    what: 'apply-between',
    agreed: null,
    request: {
      to: 'https://mysite.example',
      username: 'admin',
      from: { url: 'https://stranger.example', username: 'eve', mustLogIn: true },
      policy: { take: 'clone', delete: false },
    },
  });
  expect(api.written()).not.toContain('canary');
  restores = [{ ...RESTORE, restore_id: (job.request['request'] as { restore: string }).restore, clone_id: 'gone' }];
  expect((await call('GET', '/api/v2/restores', caller)).json()).toMatchObject({ restores: [{ clone_id: 'gone' }] });
  expect((await call('GET', '/api/v2/restores', api.bearer(['read'], 'b'))).json()).toEqual({ restores: [] });
  await api.store.fail(attempt, { code: 'LOGIN_FAILED', message: 'Wrong.', next_steps: [] });
  const again = await call('POST', `/api/v2/jobs/${job.id}/retry`, caller, { source_password: 'canary-again' });
  expect(again.statusCode).toBe(400);
  const same = { source, target: { url: 'http://www.stranger.example/', ...target } };
  expect((await call('POST', '/api/v2/restore', caller, same)).statusCode).toBe(400);
});

it('wants the scope restore for whatever touches a live site, and admin where its certificate is not looked at', async () => {
  const cloner = api.bearer(['clone', 'read']);
  for (const url of ['/api/v2/restore', `/api/v2/restores/${RESTORE.restore_id}/undo`])
    expect((await call('POST', url, cloner, url.endsWith('undo') ? { target } : { clone_id: 'mine' })).statusCode).toBe(
      403,
    );
  const careless = { clone_id: 'mine', insecure: true };
  expect(codeOf(await call('POST', '/api/v2/restore', restorer(), careless))).toBe('SCOPE_MISSING');
  const { job_id: id } = (await call('POST', '/api/v2/restore', restorer(), { clone_id: 'mine' })).json();
  expect((await call('POST', `/api/v2/jobs/${id}/cancel`, cloner)).statusCode).toBe(403);
  expect((await call('POST', `/api/v2/jobs/${id}/cancel`, restorer())).statusCode).toBe(202);
});

it('answers v1 at once as v2 where it is asked to: with where and when to ask, and whether the job is an earlier one', async () => {
  const headers = { ...restorer(), 'idempotency-key': 'k-1' };
  const ask = () => call('POST', '/restore?async=true', headers, { clone_id: 'mine' });
  const taken = await ask();
  const { status_url: location } = taken.json<{ status_url: string }>();
  expect(taken.headers).toMatchObject({ location, 'retry-after': '1' });
  expect((await ask()).headers).toMatchObject({ location, 'idempotency-replayed': 'true' });
});

it('logs in anew for a customer whose clones have not proven that the site lets them in', async () => {
  await clonedBy('a');
  await call('POST', '/api/v2/restore', restorer('a'), { clone_id: 'mine', dry_run: true });
  expect((await claim()).job.request).toMatchObject({ what: 'plan', request: { cloneId: 'mine' } });
  expect(JSON.stringify((await api.store.list({ kinds: ['restore'] }))[0]?.request)).not.toContain('mustLogIn');
  const elsewhere = { clone_id: 'mine', dry_run: true, target: { url: 'https://mine.example' } };
  await call('POST', '/api/v2/restore', restorer('a'), elsewhere);
  expect((await api.store.list({ kinds: ['restore'] }))[0]?.request).toMatchObject({ request: { mustLogIn: true } });
  expect((await call('POST', '/api/v2/restore', restorer('b'), { clone_id: 'mine' })).statusCode).toBe(404);
});

it('does a restore again under the id that it had, so that what was written is not written twice', async () => {
  await call('POST', '/api/v2/restore', restorer(), { clone_id: 'mine' });
  const first = await claim();
  await api.store.fail(first.attempt, { code: 'LOGIN_NEEDED', message: 'Log in.', next_steps: [] });
  const words = { source_username: 'editor', source_password: 'canary-password' };
  const again = await call('POST', `/api/v2/jobs/${first.job.id}/retry`, restorer(), words);
  expect(again.statusCode).toBe(202);
  const second = await claim();
  expect(second.secrets).toEqual({ source_password: 'canary-password' });
  expect(second.job.request).toEqual({
    ...first.job.request,
    request: { ...(first.job.request['request'] as object), username: 'editor' },
  });
});

it('knows customers apart: another’s restore is not there, to look at, to undo or to accept', async () => {
  await clonedBy('a');
  await call('POST', '/api/v2/restore', restorer('a'), { clone_id: 'mine', target });
  const { job } = await claim();
  const id = (job.request['request'] as { restore: string }).restore;
  restores = [{ ...RESTORE, restore_id: id }, RESTORE];
  expect((await call('GET', '/api/v2/restores', restorer('a'))).json()).toEqual({ restores: [restores[0]] });
  expect((await call('GET', `/api/v2/restores/${id}`, restorer('a'))).statusCode).toBe(200);
  expect((await call('GET', '/api/v2/restores', restorer('b'))).json()).toEqual({ restores: [] });
  expect(codeOf(await call('GET', `/api/v2/restores/${id}`, restorer('b')))).toBe('RESTORE_GONE');
  for (const what of ['undo', 'accept'])
    expect(codeOf(await call('POST', `/api/v2/restores/${id}/${what}`, restorer('b'), { target }))).toBe(
      'RESTORE_GONE',
    );
  expect((await call('POST', `/api/v2/restores/${id}/undo`, restorer('a'), { only: ['page:1'] })).statusCode).toBe(202);
  const kept = (await api.store.list({ kinds: ['restore'] }))[0];
  expect(kept).toMatchObject({ clone: null, request: { what: 'undo', restore: id, only: ['page:1'] } });
  // One that the agent knows nothing of is its site's affair, which asks for a log-in.
  const foreign = { target: { url: 'https://other.example', ...target } };
  expect((await call('POST', '/api/v2/restores/rst-aaaaaaaa/accept', restorer('b'), foreign)).statusCode).toBe(202);
});

it('hands each job to the operations as it was asked for', async () => {
  const done: unknown[] = [];
  const direct = createDirectOperations({ home: '/nowhere', runtime: 'local', kubernetes: {}, environment: {} });
  const note =
    (what: string) =>
    (...given: readonly unknown[]): Promise<never> => {
      done.push([what, given.slice(0, what === 'undo' ? 3 : 1)]);
      return Promise.resolve({ what }) as Promise<never>;
    };
  const operations = {
    ...direct,
    planRestore: note('plan'),
    applyRestore: note('apply'),
    restores: { ...direct.restores, undo: note('undo'), accept: note('accept') },
  };
  restores = [RESTORE];
  await call('POST', '/api/v2/restore', restorer(), { clone_id: 'mine', dry_run: true, take: 'live', strict: true });
  await call('POST', '/api/v2/restore', restorer(), { clone_id: 'mine', decisions: { 'page:1': 'clone' } });
  await call('POST', `/api/v2/restores/${RESTORE.restore_id}/undo`, restorer());
  await call('POST', `/api/v2/restores/${RESTORE.restore_id}/accept`, restorer());
  const jobs = (await api.store.list()).toReversed();
  for (const { clone, request } of jobs) {
    const begin = { type: 'begin', lease: 'x', kind: 'restore', clone, request: { ...request }, secrets: {} } as const;
    const settings = { home: '/nowhere', runtime: 'local', kubernetes: {} } as const;
    await perform({ ...begin, settings }, operations, workContext());
  }
  const policy = { only: [], skip: [], delete: false, include: [] };
  expect(done).toMatchObject([
    ['plan', [{ cloneId: 'mine', policy: { ...policy, take: 'live', strict: true, decisions: {} } }]],
    ['apply', [{ agreed: null, policy: { ...policy, take: null, decisions: { 'page:1': 'clone' } } }]],
    ['undo', [RESTORE.restore_id, undefined, { insecureTls: false }]],
    ['accept', [RESTORE.restore_id]],
  ]);
});
