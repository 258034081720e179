import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { planPool, type PoolView } from '../../../src/pool/planner.ts';
import type { Demand, PoolSettings, PoolUnit } from '../../../src/pool/types.ts';

const NOW = 1_700_000_000_000;
const CALM: Demand = { claimsTenMinutes: 1, claimsHalfMinute: 1, refillTime: 2_000, waiting: 0 };
const SETTINGS: PoolSettings = {
  min: 1,
  max: 2,
  most: 9,
  recycle: 'never',
  phpVersions: [''],
  revision: 'r',
  madeAfter: 0,
  mode: 'running',
};
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
    settings: SETTINGS,
    demand: new Map([['', { ...CALM, ...demand }]]),
    breakers: {},
    makesWay: true,
    now: NOW,
    ...view,
  });
  return [[...new Set(actions.map((action) => action.do))], again];
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

test('what is missing is made at once where the units that are ready may not be enough, where a clone waits, and where nobody looks again', () => {
  const now = [['make'], 0];
  const later = [[], 2_000];
  // One in fifteen seconds, and one in ten, while three until four seconds go by until there is another unit.
  expect(plan(taken(1_000), { claimsHalfMinute: 2 })).toEqual(later);
  expect(plan(taken(1_000), { claimsHalfMinute: 4 })).toEqual(now);
  expect(plan(taken(1_000), { claimsHalfMinute: 2, refillTime: 20_000 })).toEqual(now);
  expect(plan(taken(1_000), { waiting: 1 })).toEqual(now);
  expect(plan(taken(1_000), {}, { makesWay: false })).toEqual(now);
});

test('one that is ready may be enough where none would not be, when whoever asks can have it', () => {
  const beside = (changes: Partial<PoolUnit> = {}) =>
    plan(
      taken(1_000),
      { claimsHalfMinute: 6 },
      { units: [taken(1_000), { ...taken(0), state: 'WARM', leased: false, held: false, ...changes }] },
    );
  expect(beside()).toEqual([[], 2_000]);
  expect(beside({ leased: true })).toEqual([['make'], 0]);
  expect(beside({ revision: 'older' })).toEqual([['make'], 0]);
  expect(beside({ phpVersion: '7.4' })[0]).toContain('make');
});

/** Units that are ready, and clones that have begun, of two sub-pools; and what was asked of them lately. */
const anyDemand = fc.record({
  claimsTenMinutes: fc.nat(200),
  claimsHalfMinute: fc.nat(20),
  refillTime: fc.integer({ min: 500, max: 20_000 }),
  waiting: fc.nat(2),
});
const anyView = fc
  .record({
    begun: fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 3 }),
    ready: fc.tuple(fc.nat(4), fc.nat(4)),
    demand: fc.tuple(anyDemand, anyDemand),
    min: fc.nat(3),
  })
  .map(({ begun, ready, demand, min }): PoolView => {
    const warm = (phpVersion: string, count: number) =>
      Array.from({ length: count }, (_, nth) =>
        taken(0, { name: `${phpVersion} ${nth}`, phpVersion, state: 'WARM', leased: false, held: false }),
      );
    return {
      units: [...begun.map((age) => taken(age)), ...warm('8.2', ready[0]), ...warm('7.4', ready[1])],
      settings: { ...SETTINGS, min, max: 6, most: 50, phpVersions: ['8.2', '7.4'] },
      demand: new Map([
        ['8.2', demand[0]],
        ['7.4', demand[1]],
      ]),
      breakers: {},
      makesWay: true,
      now: NOW,
    };
  });
const madeOf = (view: PoolView, php: string): number =>
  planPool(view).actions.filter((action) => action.do === 'make' && action.phpVersion === php).length;

describe('whatever there is', () => {
  it('never makes fewer than without making way but where what is ready is enough for two thirds of all times', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { again } = planPool(view);
        const made = view.settings.phpVersions.reduce((sum, php) => sum + madeOf(view, php), 0);
        // Where as many are begun as may be at once, one sub-pool can be in the way of the other.
        const fewer = [...view.demand].filter(
          ([php]) => made < 3 && madeOf(view, php) < madeOf({ ...view, makesWay: false }, php),
        );
        for (const [php, { refillTime, waiting, ...claims }] of fewer) {
          const rate = Math.max(claims.claimsTenMinutes / 600, surgeOf(claims));
          const ready = view.units.filter((unit) => unit.state === 'WARM' && unit.phpVersion === php).length;
          const mean = (rate * (refillTime + again)) / 1000;
          expect(chanceOfAtMost(ready - waiting, mean)).toBeGreaterThanOrEqual(2 / 3);
        }
      }),
    );
  });

  it('makes everything up three seconds after the last clone began, and says when to look again', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const { again } = planPool(view);
        expect(again).toBeLessThanOrEqual(3_000);
        const then = { ...view, now: NOW + again };
        const ahead = { ...then, units: then.units.map((unit) => ({ ...unit, since: Math.min(unit.since, NOW) })) };
        const actions = planPool(again === 0 ? then : ahead).actions;
        expect(actions).toEqual(planPool({ ...then, makesWay: false }).actions);
      }),
    );
  });

  it('never starves while clones come one after the other without end: what is missing is begun within three seconds for each that was ready, and once more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 25_000 }), fc.integer({ min: 1, max: 4 }), (every, min) => {
        let missingSince: number | undefined;
        const begun: number[] = [];
        let ready = min;
        const making: number[] = [];
        for (let time = 0; time < 120_000; time += 100) {
          if (time % (Math.ceil(every / 100) * 100) === 0) {
            begun.push(time);
            ready = Math.max(0, ready - 1);
          }
          while (making[0] !== undefined && making[0] <= time) {
            making.shift();
            ready += 1;
          }
          const warm = Array.from({ length: ready }, (_, nth) =>
            taken(0, { name: `${nth}`, state: 'WARM', leased: false, held: false }),
          );
          const made = Array.from(making, (_, nth) =>
            taken(0, { name: `m${nth}`, state: 'CREATING', uses: 0, held: false, since: NOW + time }),
          );
          const since = (milliseconds: number) => begun.filter((at) => time - at <= milliseconds).length;
          const demand = {
            claimsTenMinutes: since(600_000),
            claimsHalfMinute: since(30_000),
            refillTime: 2_000,
            waiting: 0,
          };
          const { actions } = planPool({
            units: [
              ...begun.slice(-4).map((at, nth) => taken(0, { name: `c${nth}`, since: NOW + at })),
              ...warm,
              ...made,
            ],
            settings: { ...SETTINGS, min, max: min },
            demand: new Map([['', demand]]),
            breakers: {},
            makesWay: true,
            now: NOW + time,
          });
          const count = actions.filter((action) => action.do === 'make').length;
          for (let nth = 0; nth < count; nth += 1) making.push(time + 2_000);
          if (count > 0 || ready + making.length >= min) missingSince = undefined;
          else missingSince ??= time;
          expect(time - (missingSince ?? time)).toBeLessThanOrEqual(3_000 * (min + 1));
        }
      }),
      { numRuns: 30 },
    );
  });
});

function surgeOf({
  claimsTenMinutes,
  claimsHalfMinute,
}: Pick<Demand, 'claimsTenMinutes' | 'claimsHalfMinute'>): number {
  return claimsHalfMinute > 1 && claimsHalfMinute / 30 > claimsTenMinutes / 300 ? claimsHalfMinute / 30 : 0;
}

function chanceOfAtMost(count: number, mean: number): number {
  let [term, sum] = [Math.exp(-mean), 0];
  for (let k = 0; k <= count; k += 1) {
    sum += term;
    term *= mean / (k + 1);
  }
  return sum;
}
