import type { PoolReport } from '../../src/operations/pool.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** A unit of `poolReportWith`: warm, and made at the beginning of 2026. */
export const unitReportWith = (changes: Partial<PoolReport['units'][number]>): PoolReport['units'][number] => ({
  name: 'unit-a',
  state: 'WARM',
  php: '8.2',
  revision: 'r',
  current: true,
  uses: 0,
  created_at: AT,
  state_since: AT,
  clone_id: null,
  ...changes,
});

/** What is told of a quiet pool on a cluster at the beginning of 2026. */
export const poolReportWith = (changes: Partial<PoolReport>): PoolReport => ({
  runtime: 'kubernetes',
  mode: 'running',
  min: 1,
  max: 2,
  most: 100,
  recycle: 'never',
  kept_by: 'the agent on a (process 1)',
  looked_at: AT,
  revision: 'r',
  held_up: null,
  sub_pools: [{ php: '8.2', warm: 1, making: 0, wanted: 1, why: 'quiet', refill_seconds: { median: 1, p95: 2 } }],
  units: [unitReportWith({})],
  clones: { since: AT, from_pool: 1, made: 0, last_hour: { from_pool: 1, made: 0 } },
  events: [{ at: AT, what: 'made', unit: 'unit-a', why: 'in 1.0 s' }],
  ...changes,
});
