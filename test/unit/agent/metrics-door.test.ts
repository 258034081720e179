import { afterEach, beforeEach, expect, it } from 'vitest';
import { openMetricsDoor } from '../../../src/agent/daemon/metrics-door.ts';
import { createMetrics } from '../../../src/agent/telemetry/metrics.ts';
import { type TestApi, testApi } from '../../support/agent.ts';
import { freePort } from '../../support/temp.ts';

let reason: string | undefined;
let api: TestApi;
let address: string;
let close: () => void;
beforeEach(async () => {
  reason = undefined;
  const ready = () => Promise.resolve(reason);
  api = await testApi({ ready });
  const port = await freePort();
  const metrics = createMetrics({ counts: () => api.store.counts(), now: () => api.clock.now });
  close = await openMetricsDoor({ host: '127.0.0.1', port }, { metrics, ready });
  address = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  close();
  await api.close();
});

const ask = async (path: string, method = 'GET') => {
  const answer = await fetch(`${address}${path}`, { method });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};

it('the second port tells of health as the first one does, also while the agent stops', async () => {
  for (const now of [undefined, 'the agent stops']) {
    reason = now;
    for (const url of ['/livez', '/readyz']) {
      const { statusCode: status, headers, body: text } = await api.app.inject({ url, headers: { host: '127.0.0.1' } });
      expect(await ask(url)).toEqual({ status, type: headers['content-type'], text });
      expect(await ask(url, 'HEAD')).toMatchObject({ status, text: '' });
    }
  }
  expect((await ask('/readyz')).status).toBe(503);
});

it('the second port answers with metrics at their own path alone, and changes nothing', async () => {
  expect(await ask('/metrics?name=up')).toMatchObject({
    status: 200,
    type: expect.stringContaining('version=0.0.4'),
    text: expect.stringContaining('wpclone_jobs{state="pending"} 0'),
  });
  expect(await ask('/metrics', 'HEAD')).toMatchObject({ status: 200, text: '' });
  for (const path of ['/', '/metrics/', '/api/v2/jobs', '//', '/%'])
    expect(await ask(path)).toMatchObject({ status: 404, text: '' });
  for (const path of ['/metrics', '/livez', '/readyz']) {
    const refused = await fetch(`${address}${path}`, { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
});
