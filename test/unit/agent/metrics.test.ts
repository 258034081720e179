import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packagePath } from '../../../src/shared/package-root.ts';
import { createMetrics } from '../../../src/agent/telemetry/metrics.ts';
import { LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';
import { type TestApi, testApi } from '../../support/agent.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api.close());

const scrape = (headers: object) => api.app.inject({ url: '/metrics', headers: { ...headers } });

it('metrics are for who may read, name each route once, and no customer, source or clone', async () => {
  expect((await scrape({ host: '127.0.0.1' })).statusCode).toBe(401);
  const reader = api.bearer(['read'], 'canary-customer');
  for (const id of ['canary-one', 'canary-two'])
    await api.app.inject({ url: `/api/v2/job-status/${id}?wait=0`, headers: reader });
  await api.app.inject({ url: '/no/such/canary', headers: reader });
  await api.store.enqueue(newJob({ customer: 'canary-customer', clone: 'canary-clone' }));
  const { statusCode, body, headers } = await scrape(reader);
  expect([statusCode, headers['content-type']]).toEqual([200, expect.stringContaining('version=0.0.4')]);
  expect(body).toContain('wpclone_jobs{state="pending"} 1');
  expect(body).toMatch(
    /wpclone_http_request_seconds_count\{method="GET",route="\/api\/v2\/job-status\/:id",status="404"\} 2/,
  );
  expect(body).toMatch(/process_resident_memory_bytes \d{7,}/);
  expect(body).not.toContain('canary');
});

it('count a job once it has ended, with how long it took and what it failed with', async () => {
  const metrics = createMetrics({ counts: () => api.store.counts(), now: () => api.clock.now });
  await api.store.enqueue(newJob());
  const claimed = await api.store.claim(OWNER, LIMITS);
  if (claimed === undefined) throw new Error('There is no job.');
  api.clock.now += 7_000;
  const error = { code: 'UNREACHABLE' as const, message: 'Away.', next_steps: [] };
  metrics.ended(await api.store.fail(claimed.attempt, error));
  const text = await metrics.text();
  expect(text).toContain('wpclone_job_failures_total{kind="clone",code="UNREACHABLE"} 1');
  expect(text).toContain('wpclone_job_seconds_sum{kind="clone",state="failed"} 7');
  // A clock that is set back meanwhile makes no time that is less than none.
  await api.store.enqueue(newJob());
  const next = await api.store.claim(OWNER, LIMITS);
  if (next === undefined) throw new Error('There is no job.');
  api.clock.now -= 7_200_000;
  metrics.ended(await api.store.fail(next.attempt, error));
  expect(await metrics.text()).toContain('wpclone_job_seconds_sum{kind="clone",state="failed"} 7');
});

it('that docs/AGENT.md says to watch are there', async () => {
  const text = await createMetrics({ counts: () => api.store.counts(), now: () => api.clock.now }).text();
  const told = new Set(text.match(/^# TYPE (\S+)/gm)?.map((line) => line.slice('# TYPE '.length)));
  const guide = readFileSync(packagePath('docs', 'AGENT.md'), 'utf8');
  const named = [...guide.matchAll(/`((?:wpclone|nodejs|process)_[a-z0-9_]+[a-z0-9])`/g)].flatMap(
    ([, name]) => name ?? [],
  );
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !told.has(name))).toEqual([]);
});
