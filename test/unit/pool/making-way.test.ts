import { expect, test } from 'vitest';
import { planPool, type PoolView } from '../../../src/pool/planner.ts';
import type { Demand, PoolUnit } from '../../../src/pool/types.ts';

const NOW = 1_700_000_000_000;
const CALM: Demand = { claimsTenMinutes: 1, claimsHalfMinute: 1, refillTime: 2_000, waiting: 0 };
/** A unit that a clone took so many milliseconds ago. */
const taken = (age: number, changes: Partial<PoolUnit> = {}): PoolUnit => ({
  name: 'taken',
  state: 'ASSIGNED',
  phpVersion: '',
  revision: 'r',
  uses: 1,
  createdAt: NOW - 60_000,
  since: NOW - age,
  deadline: NOW + 60_000,
  leased: true,
  unschedulable: false,
  provenAt: NOW,
  held: true,
  recyclable: false,
  ...changes,
});
const plan = (unit: PoolUnit, demand: Partial<Demand> = {}, view: Partial<PoolView> = {}) => {
  const { actions, again } = planPool({
    units: [unit],
    settings: {
      min: 1,
      max: 2,
      most: 9,
      recycle: 'never',
      phpVersions: [''],
      revision: 'r',
      madeAfter: 0,
      mode: 'running',
    },
    demand: new Map([['', { ...CALM, ...demand }]]),
    breakers: {},
    makesWay: true,
    now: NOW,
    ...view,
  });
  return [actions.map((action) => action.do), again];
};

test('a clone that has just begun has the machine to itself before another unit is made', () => {
  expect(plan(taken(1_000))).toEqual([[], 2_000]);
  expect(plan(taken(3_000))).toEqual([['make'], 0]);
  expect(plan(taken(500, { state: 'READY', leased: false }))).toEqual([['make'], 0]);
  // Of a job that died nobody waits.
  expect(plan(taken(500, { leased: false }))).toEqual([['make'], 0]);
  // By a clock that is ahead of this one.
  expect(plan(taken(-60_000))).toEqual([[], 3_000]);
});

test('where more clones come, or nobody looks again, what is missing is made at once', () => {
  expect(plan(taken(1_000), { claimsHalfMinute: 2 })).toEqual([['make'], 0]);
  expect(plan(taken(1_000), { waiting: 1 })[1]).toBe(0);
  expect(plan(taken(1_000), {}, { makesWay: false })).toEqual([['make'], 0]);
});
