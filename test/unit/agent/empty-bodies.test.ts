import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDirectOperations } from '../../../src/operations/direct.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { type TestApi, testApi } from '../../support/agent.ts';
import type { OpenApi } from '../../support/postman.ts';

let api: TestApi;
beforeEach(async () => {
  const direct = createDirectOperations({ home: '/nowhere', runtime: 'local', kubernetes: {}, environment: {} });
  // What would look at the whole machine: that it is asked is enough.
  const asked = () => Promise.reject(new WpcloneError('BUSY', 'Later.'));
  const operations = {
    ...direct,
    list: () => Promise.resolve([]),
    loginLink: asked,
    collectGarbage: asked,
    pool: { ...direct.pool, act: asked },
    restores: { ...direct.restores, list: () => Promise.resolve([]) },
  };
  api = await testApi({ operations });
});
afterEach(() => api.close());

type Method = 'POST' | 'PUT' | 'DELETE';
const send = async (method: Method, url: string, type?: string) => {
  const headers = { ...api.bearer(['admin']), ...(type === undefined ? {} : { 'content-type': type }) };
  const answer = await api.app.inject({ method, url, headers });
  const { error } = answer.json<{ error?: { code: string; message: string } }>();
  return { url, status: answer.statusCode, code: error?.code, message: error?.message };
};

it('an empty body is none, whatever type the caller names', async () => {
  const spec = await api.app.inject({ url: '/openapi.json', headers: api.bearer(['read']) });
  const calls = Object.entries(spec.json<OpenApi>().paths).flatMap(([path, methods]) =>
    (['POST', 'PUT', 'DELETE'] as const)
      .filter((method) => methods[method.toLowerCase()] !== undefined)
      .map((method) => [method, path.replaceAll(/\{\w+\}/g, 'rst-aaaaaaaa')] as const),
  );
  expect(calls.length).toBeGreaterThan(15);
  for (const [method, path] of calls) {
    const bare = await send(method, path);
    for (const type of ['application/json', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded'])
      expect(await send(method, path, type)).toEqual(bare);
    expect(bare.message ?? '').not.toContain('JSON');
  }
});

it.each([
  ['POST', '/api/v2/clone', 'source_url'],
  ['POST', '/clone', 'source_url'],
  ['POST', '/api/v2/restore', 'clone_id'],
  ['POST', '/api/v2/disconnect', 'source_url'],
  ['POST', '/api/v2/clones/mine/extend', 'ttl_minutes'],
] as const)('a call that takes fields names what an empty body lacks: %s %s', async (method, url, field) => {
  for (const type of [undefined, 'application/json']) {
    const { status, code, message } = await send(method, url, type);
    expect([status, code]).toEqual([400, 'BAD_INPUT']);
    expect(message).toContain(field);
  }
});

it.each(['text/plain', 'application/x-www-form-urlencoded'])('what is sent as %s is refused', async (type) => {
  const headers = { ...api.bearer(['admin']), 'content-type': type };
  const payload = 'source_url=https://canary.example';
  const { statusCode, body } = await api.app.inject({ method: 'POST', url: '/api/v2/clone', headers, payload });
  expect(statusCode).toBe(400);
  expect(body).toContain('cannot be read as JSON');
  expect(body).toContain('content-type: application/json');
  expect(body).not.toContain('canary');
});
