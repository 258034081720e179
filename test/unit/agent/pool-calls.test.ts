import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMetrics } from '../../../src/agent/telemetry/metrics.ts';
import { createDirectOperations } from '../../../src/operations/direct.ts';
import type { PoolReport } from '../../../src/operations/pool.ts';
import type { PoolSizes } from '../../../src/operations/pool-sizes.ts';
import { createPoolMemory } from '../../../src/pool/memory.ts';
import { newNote } from '../../../src/pool/note.ts';
import { readPoolSpec, resolvePoolSpec } from '../../../src/pool/spec.ts';
import { makeTemp } from '../../support/temp.ts';
import { testApi, type TestApi } from '../../support/agent.ts';
import { poolReportWith, unitReportWith } from '../../support/pool-report.ts';

const REPORT = poolReportWith({ units: [unitReportWith({ state: 'READY', uses: 1, clone_id: 'canary-clone' })] });

let api: TestApi;
/** What the pool was asked for. */
let asked: unknown[];
beforeEach(async () => {
  asked = [];
  const settings = { home: makeTemp('pool-home'), runtime: 'local' as const, kubernetes: {}, environment: {} };
  const tell = (...what: unknown[]): Promise<PoolReport> => {
    asked.push(what);
    return Promise.resolve(REPORT);
  };
  const pool = {
    status: () => tell('status'),
    set: (sizes: PoolSizes) => tell('set', sizes),
    act: (action: string) => tell(action),
    async *logs() {
      yield 'a line';
    },
  };
  api = await testApi({ operations: { ...createDirectOperations(settings), pool } });
});
afterEach(() => api.close());

const call = async (method: 'GET' | 'PUT' | 'POST', url: string, headers: Record<string, string>, body?: object) => {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await api.app.inject({ method, url, headers: { ...headers, ...type }, ...payload });
  return { status: answer.statusCode, text: answer.body };
};

it('whoever may read sees the pool, and a customer neither names of clones nor when they came and went', async () => {
  expect((await call('GET', '/api/v2/pool', { host: '127.0.0.1' })).status).toBe(401);
  const own = await call('GET', '/api/v2/pool', api.bearer(['read']));
  expect(JSON.parse(own.text)).toEqual(REPORT);
  const customer = await call('GET', '/api/v2/pool', api.bearer(['read', 'clone'], 'acme'));
  expect(customer.status).toBe(200);
  expect(customer.text).not.toContain('canary');
  expect(JSON.parse(customer.text)).toMatchObject({ units: [], events: [], sub_pools: REPORT.sub_pools });
});

it('only an administrator changes it, by numbers that make sense', async () => {
  const admin = api.bearer(['admin']);
  for (const action of ['pause', 'resume', 'drain', 'reset']) {
    expect((await call('POST', `/api/v2/pool/${action}`, api.bearer(['clone', 'read', 'restore']))).status).toBe(403);
    expect((await call('POST', `/api/v2/pool/${action}`, admin)).status).toBe(200);
  }
  expect((await call('PUT', '/api/v2/pool', api.bearer(['clone']), { min: 1 })).status).toBe(403);
  expect((await call('PUT', '/api/v2/pool', admin, { min: 2, php: ['8.2'] })).status).toBe(200);
  for (const body of [{}, { min: -1 }, { min: 1.5 }, { max: 1e9 }, { php: [] }, { php: ['8'] }, { minimum: 1 }, []])
    expect((await call('PUT', '/api/v2/pool', admin, body)).status).toBe(400);
  expect(asked).toEqual([['pause'], ['resume'], ['drain'], ['reset'], ['set', { min: 2, php: ['8.2'] }]]);
});

it('the logs of a unit are for administrators', async () => {
  const url = '/api/v2/pool/units/unit-a/logs';
  expect((await call('GET', url, api.bearer(['clone', 'read']))).status).toBe(403);
  expect(await call('GET', url, api.bearer(['admin']))).toEqual({ status: 200, text: 'a line\n' });
});

it('metrics tell of units by state, of claims, refills, recyclings by their result and the breaker, each counted once', async () => {
  const metrics = createMetrics({ counts: () => api.store.counts(), now: () => 0 });
  const memory = createPoolMemory(newNote(0));
  const unit = {
    name: 'unit-canary',
    state: 'WARM',
    phpVersion: '8.2',
    revision: 'r',
    uses: 0,
    createdAt: 0,
    since: 0,
    deadline: null,
    leased: false,
    unschedulable: false,
    provenAt: 0,
    held: false,
    recyclable: false,
  } as const;
  const plan = { actions: [], sizes: new Map(), heldUp: null, again: 0 };
  const spec = resolvePoolSpec(readPoolSpec(undefined), {}, 'kubernetes', ['8.2']);
  const look = (...units: readonly (typeof unit)[]): void =>
    metrics.pool({ spec, plan, units, deeds: [], breakers: memory.note().breakers }, memory.note());
  memory.made({ name: 'before', phpVersion: '8.2' }, 500, 0);
  look(unit);
  memory.made({ name: 'unit-b', phpVersion: '8.2' }, 1_500, 0);
  const again = { at: 0, unit: 'unit-c', why: '' } as const;
  memory.happened({ ...again, what: 'recycled', result: 'clean', seconds: 7 });
  memory.happened({ ...again, what: 'quarantined', result: 'dirty', checks: ['files', 'accounts'] });
  memory.happened({ ...again, what: 'quarantined', result: 'unproven' });
  memory.observe([], 0);
  const report = { ...unit, epoch: 1, stateSince: 0, deadline: 0, state: 'READY', provenAt: 1 } as const;
  memory.observe([{ ...report, cloneId: 'a' }], 0);
  memory.keep({ sizes: { '8.2': { units: 2, why: '' } } });
  look(unit, unit);
  look(unit, unit);
  const text = await metrics.text();
  expect(text).toContain('wpclone_pool_units{state="WARM",php="8.2"} 2');
  expect(text).toContain('wpclone_pool_wanted_units{php="8.2"} 2');
  expect(text).toContain('wpclone_pool_claims_total{unit="warm"} 1');
  expect(text).toContain('wpclone_pool_refill_seconds_sum 1.5');
  expect(text).toContain('wpclone_pool_events_total{what="made"} 1');
  expect(text).toContain('wpclone_pool_breaker_open 0');
  for (const result of ['clean', 'dirty', 'unproven'])
    expect(text).toContain(`wpclone_pool_recycles_total{result="${result}"} 1`);
  for (const check of ['files', 'accounts']) expect(text).toContain(`wpclone_pool_dirty_total{check="${check}"} 1`);
  expect(text).toContain('wpclone_pool_recycle_seconds_sum 7');
  expect(text).not.toContain('canary');
});
