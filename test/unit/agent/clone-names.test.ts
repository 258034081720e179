import { afterEach, describe, expect, it } from 'vitest';
import { createDirectOperations } from '../../../src/operations/direct.ts';
import { testApi, type TestApi } from '../../support/agent.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';

let api: TestApi;
afterEach(() => api.close());

type Headers = Readonly<Record<string, string>>;
const call = async (method: 'GET' | 'POST' | 'DELETE', url: string, headers: Headers) => {
  const answer = await api.app.inject({ method, url, headers });
  return { status: answer.statusCode, body: answer.json<{ error?: { code: string } }>() };
};
const code = ({ status, body }: Awaited<ReturnType<typeof call>>) => [status, body.error?.code];
/** A clone, where none needs to be made: the runtime is not what is looked at. */
const SHOP = {
  clone_id: 'shop',
  status: 'ready' as const,
  clone_url: 'http://127.0.0.1:8101',
  username: 'w',
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T01:00:00.000Z',
  runtime: 'local' as const,
  source: { url: 'https://shop.example', wordpress_version: '6.8', php_version: '8.2' },
  verified: true,
  findings: [],
};
const nothing = createDirectOperations({ home: '/nowhere', runtime: 'local', kubernetes: {}, environment: {} });

describe('a clone’s name', () => {
  const made = async (customer: string) => {
    await api.store.enqueue(newJob({ customer, clone: 'shop' }));
    const { attempt } = await claimed(api.store);
    await api.store.complete(attempt, { clone_id: 'shop', clone_url: SHOP.clone_url, username: SHOP.username }, {});
  };
  it('that another customer has now shows its clone to nobody who had it before', async () => {
    api = await testApi({
      operations: { ...nothing, list: () => Promise.resolve([SHOP]), show: () => Promise.resolve(SHOP) },
    });
    await made('a');
    await made('b');
    const [a, b] = [api.bearer(['read', 'clone'], 'a'), api.bearer(['read', 'clone'], 'b')];
    expect(code(await call('GET', '/api/v2/clones/shop', a))).toEqual([404, 'NOT_FOUND']);
    expect(code(await call('DELETE', '/api/v2/delete/shop', a))).toEqual([404, 'NOT_FOUND']);
    expect((await call('GET', '/api/v2/clones', a)).body).toEqual({ clones: [] });
    expect((await call('GET', '/api/v2/clones', b)).body).toMatchObject({ clones: [{ clone_id: 'shop' }] });
    expect((await call('GET', '/api/v2/clones/shop', b)).status).toBe(200);
  });

  it('that a clone has which nobody made through the agent shows it to no customer who had the name before', async () => {
    const direct = { ...SHOP, username: 'somebody-else' };
    api = await testApi({
      operations: { ...nothing, list: () => Promise.resolve([direct]), show: () => Promise.resolve(direct) },
    });
    await made('a');
    const [a, owner] = [api.bearer(['read', 'clone'], 'a'), api.bearer(['read', 'clone'])];
    for (const [method, path] of [
      ['GET', 'clones/shop'],
      ['POST', 'clones/shop/login-link'],
      ['GET', 'clones/shop/mail'],
      ['GET', 'clones/shop/logs'],
      ['DELETE', 'delete/shop'],
    ] as const)
      expect(code(await call(method, `/api/v2/${path}`, a))).toEqual([404, 'NOT_FOUND']);
    expect((await call('GET', '/api/v2/clones', a)).body).toEqual({ clones: [] });
    expect((await call('GET', '/api/v2/clones/shop', owner)).status).toBe(200);
  });

  it('may be taken over with replace by whoever has the clone, and by nobody else', async () => {
    api = await testApi({ operations: { ...nothing, list: () => Promise.resolve([SHOP]) } });
    await made('a');
    const ask = async (customer: string, body: object) => {
      const payload = { source_url: 'https://shop.example', ...body };
      const headers = api.bearer(['clone'], customer);
      const answer = await api.app.inject({ method: 'POST', url: '/api/v2/clone', headers, payload });
      return [answer.statusCode, answer.json<{ error?: { code: string } }>().error?.code];
    };
    expect(await ask('a', { customer_id: 'shop' })).toEqual([409, 'NAME_TAKEN']);
    expect(await ask('b', { customer_id: 'shop', replace: true })).toEqual([409, 'NAME_TAKEN']);
    expect(await ask('a', { replace: true })).toEqual([400, 'BAD_INPUT']);
    expect(await ask('a', { customer_id: 'shop', replace: true })).toEqual([202, undefined]);
    expect((await claimed(api.store)).job).toMatchObject({ clone: 'shop', request: { name: 'shop', replace: true } });
  });

  it('that a job is about to give is no clone to delete: the job is named, to whom it belongs and to operators', async () => {
    api = await testApi({ operations: { ...nothing, list: () => Promise.resolve([]) } });
    const ask = async (headers: Headers, body: object = {}) => {
      const payload = { source_url: 'https://shop.example', customer_id: 'shop', ...body };
      const answer = await api.app.inject({ method: 'POST', url: '/api/v2/clone', headers, payload });
      return answer.json<{ job_id?: string; error: { code: string; message: string; next_steps: string[] } }>();
    };
    const { job_id: job } = await ask(api.bearer(['clone'], 'a'));
    for (const [headers, body] of [
      [api.bearer(['clone'], 'a'), {}],
      [api.bearer(['clone'], 'a'), { replace: true }],
      [api.bearer(['admin']), {}],
    ] as const) {
      const { error, ...about } = await ask(headers, body);
      expect([error.code, error.message, about]).toEqual([
        'NAME_TAKEN',
        'A job that waits or runs is making a clone called shop.',
        { job_id: job },
      ]);
      expect(error.next_steps.join(' ')).toMatch(new RegExp(`wpclone jobs cancel ${job}\\.$`));
      expect(error.next_steps.join(' ')).not.toContain('delete');
    }
    const stranger = await ask(api.bearer(['clone'], 'b'), { replace: true });
    expect(JSON.stringify(stranger)).not.toContain(String(job));
    expect(stranger.error.next_steps).toEqual(['Choose another --name.']);
  });

  it('that another customer has now is reset and deleted by no job of who had it before, done again', async () => {
    api = await testApi({ operations: { ...nothing, list: () => Promise.resolve([SHOP]) } });
    await made('a');
    const { job } = await api.store.enqueue(newJob({ kind: 'reset', customer: 'a', clone: 'shop' }));
    await api.store.fail((await claimed(api.store)).attempt, { code: 'INTERNAL', message: 'Not now.', next_steps: [] });
    const again = () => call('POST', `/api/v2/jobs/${job.id}/retry`, api.bearer(['clone'], 'a'));
    expect((await again()).status).toBe(202);
    await api.store.complete((await claimed(api.store)).attempt, {}, {});
    await made('b');
    expect(code(await again())).toEqual([404, 'NOT_FOUND']);
  });
});
