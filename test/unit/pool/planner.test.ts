import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_USES, OLDEST } from '../../../src/pool/deadlines.ts';
import { planPool, type PoolView } from '../../../src/pool/planner.ts';
import { poissonQuantile, poolSize } from '../../../src/pool/size.ts';
import type { Demand, PoolSettings, PoolUnit } from '../../../src/pool/types.ts';
import { UNIT_STATES, type UnitState } from '../../../src/runtime/unit-states.ts';

const NOW = 1_700_000_000_000;
const SETTINGS: PoolSettings = {
  min: 1,
  max: 5,
  most: 10,
  recycle: 'always',
  phpVersions: ['8.2'],
  revision: 'r2',
  madeAfter: 0,
  mode: 'running',
};
const CALM: Demand = { claimsTenMinutes: 0, claimsHalfMinute: 0, refillTime: 2_000, waiting: 0 };

const unit = (name: string, state: UnitState, changes: Partial<PoolUnit> = {}): PoolUnit => ({
  name,
  state,
  phpVersion: '8.2',
  revision: 'r2',
  uses: 0,
  createdAt: NOW - 60_000,
  since: NOW - 1_000,
  deadline: null,
  leased: false,
  unschedulable: false,
  provenAt: NOW - 1_000,
  held: state === 'ASSIGNED' || state === 'READY',
  recyclable: false,
  ...changes,
});
const plan = (units: readonly PoolUnit[], changes: Partial<PoolSettings> = {}, view: Partial<PoolView> = {}) =>
  planPool({
    units,
    settings: { ...SETTINGS, ...changes },
    demand: new Map([['8.2', CALM]]),
    breakers: {},
    now: NOW,
    ...view,
  }).actions.map((action) => (action.do === 'make' ? 'make' : `${action.do} ${action.unit}`));

describe('the plan', () => {
  it('makes what is missing and nothing when all is there', () => {
    expect(plan([])).toEqual(['make']);
    expect(plan([unit('a', 'WARM')])).toEqual([]);
    expect(plan([unit('a', 'CREATING', { leased: true })])).toEqual([]);
    expect(plan([unit('a', 'READY', { deadline: NOW + 1 })])).toEqual(['make']);
  });

  it('gives up half-made units first, then the oldest, and never one that is used', () => {
    const units = [
      unit('old', 'WARM', { createdAt: NOW - 9_000_000 }),
      unit('new', 'WARM'),
      unit('half', 'CREATING'),
      unit('held', 'READY', { deadline: NOW + 60_000 }),
      unit('taken', 'ASSIGNED', { leased: true, deadline: NOW - 1 }),
    ];
    expect(plan(units)).toEqual(['retire half', 'retire old']);
  });

  it('keeps an old revision serving until a new one can, and then lets it go', () => {
    const old = unit('old', 'WARM', { revision: 'r1' });
    expect(plan([old])).toEqual(['make']);
    expect(plan([old, unit('new', 'CREATING', { leased: true })])).toEqual([]);
    expect(plan([old, unit('new', 'WARM')])).toEqual(['retire old']);
    const day = unit('day', 'WARM', { createdAt: NOW - OLDEST - 1 });
    expect(plan([day, unit('new', 'WARM')])).toEqual(['retire day']);
  });

  it('replaces on `pool reset` whatever is idle, and touches no clone', () => {
    const units = [unit('a', 'WARM'), unit('clone', 'READY', { deadline: NOW + 60_000, leased: true })];
    expect(plan(units, { madeAfter: NOW })).toEqual(['make']);
    expect(plan([...units, unit('b', 'WARM', { createdAt: NOW })], { madeAfter: NOW })).toEqual(['retire a']);
  });

  it('does not make units without end after a `pool reset` by a clock that is ahead: that one waits for its time', () => {
    const soon = { madeAfter: NOW + 3_600_000 };
    const fresh = unit('new', 'CREATING', { createdAt: NOW, leased: true });
    expect(plan([unit('a', 'WARM')], soon)).toEqual([]);
    expect(plan([fresh], soon)).toEqual([]);
    expect(plan([unit('a', 'WARM')], soon, { now: soon.madeAfter })).toContain('make');
  });

  it('holds what there is no room for, instead of making more of it', () => {
    const waiting = unit('w', 'CREATING', { since: NOW - 3600_000, unschedulable: true, leased: true });
    expect(plan([waiting], { min: 3 })).toEqual([]);
    expect(plan([unit('w', 'CREATING', { since: NOW - 3600_000 })], { min: 0 })).toEqual(['retire w']);
  });

  it('makes nothing while it is paused or the breaker is open, and empties itself when it is drained', () => {
    expect(plan([], { mode: 'paused' })).toEqual([]);
    const open = { failures: 3, pausedUntil: NOW + 1, reason: 'no image' };
    expect(plan([], {}, { breakers: { '8.2': open } })).toEqual([]);
    expect(plan([unit('a', 'WARM')], { mode: 'draining' })).toEqual(['retire a']);
  });

  const over = (changes: Partial<PoolUnit> = {}, name = 'u'): PoolUnit =>
    unit(name, 'READY', { uses: 1, deadline: NOW - 1, recyclable: true, ...changes });
  const warm = unit('a', 'WARM');

  it('uses a unit again whose clone has ended, ten times, or never', () => {
    expect(plan([over(), warm])).toEqual(['recycle u']);
    expect(plan([over({ uses: MOST_USES }), warm])).toEqual(['retire u']);
    expect(plan([over(), warm], { recycle: 'never' })).toEqual(['retire u']);
  });

  it('uses none again that nobody remembers as it was, that is out of date, or that nobody could want', () => {
    expect(plan([over({ recyclable: false }), warm])).toEqual(['retire u']);
    expect(plan([over({ revision: 'r1' }), warm])).toEqual(['retire u']);
    expect(plan([over({ createdAt: NOW - OLDEST - 1 }), warm])).toEqual(['retire u']);
    expect(plan([over(), warm], { mode: 'draining' })).toEqual(['retire u', 'retire a']);
    expect(plan([over(), warm], { mode: 'paused' })).toEqual(['retire u']);
    expect(plan([over(), over({}, 'v'), warm], { max: 2 })).toEqual(['recycle u', 'retire v']);
  });

  it('makes none in the place of one that comes back, and keeps what came back while there may be as many', () => {
    const back = unit('b', 'RESETTING', { uses: 1, leased: true, deadline: NOW + 60_000 });
    expect([plan([over()]), plan([back])]).toEqual([['recycle u'], []]);
    const again = unit('b', 'WARM', { uses: 1, createdAt: NOW - 100_000 });
    expect(plan([again, unit('a', 'WARM')])).toEqual([]);
    expect(plan([again, unit('a', 'WARM')], { max: 1 })).toEqual(['retire b']);
    // A reset that somebody asked for gives nothing back to the pool.
    expect(plan([unit('c', 'RESETTING', { held: true, leased: true })])).toEqual(['make']);
  });

  it('never takes a unit for clean whose reset was cut off', () => {
    const cut = unit('u', 'RESETTING', { since: NOW - 61_000 });
    expect(plan([cut, unit('a', 'WARM')])).toEqual(['retire u']);
  });

  it('asks a warm unit every half minute whether it still answers', () => {
    expect(plan([unit('a', 'WARM', { provenAt: NOW - 31_000 })])).toEqual(['validate a']);
    expect(plan([unit('a', 'WARM', { provenAt: null })])).toEqual(['validate a']);
  });
});

describe('the size', () => {
  it('is what the demand needs, within its limits, and says why', () => {
    const busy = { ...CALM, claimsTenMinutes: 100, refillTime: 60_000 };
    expect(poolSize(busy, SETTINGS).units).toBe(5);
    expect(poolSize(busy, { ...SETTINGS, max: 50 }).units).toBe(18);
    expect(poolSize(CALM, SETTINGS)).toEqual({
      units: 1,
      why: '0 claims a minute, 2 s to make one: 0 needed, at least 1 kept',
    });
  });

  it('follows a sudden demand at once', () => {
    const sudden = { ...CALM, claimsTenMinutes: 10, claimsHalfMinute: 10, refillTime: 6_000 };
    expect(poolSize(sudden, SETTINGS).units).toBe(5);
  });

  it('has the quantile that the papers have', () => {
    expect([poissonQuantile(0, 0.99), poissonQuantile(0.02, 0.978), poissonQuantile(1.25, 0.96)]).toEqual([
      0,
      0,
      4 - 1,
    ]);
    expect(poissonQuantile(10_000, 0.99)).toBeGreaterThan(10_200);
  });
});

const HOLDING: readonly UnitState[] = ['ASSIGNED', 'READY'];
const anyUnit = fc
  .record({
    name: fc.uuid(),
    state: fc.constantFrom(...UNIT_STATES),
    phpVersion: fc.constantFrom('8.2', '7.4', '8.4'),
    revision: fc.constantFrom('r1', 'r2'),
    uses: fc.nat(12),
    createdAt: fc.integer({ min: NOW - 2 * OLDEST, max: NOW }),
    since: fc.integer({ min: NOW - 2 * 3600_000, max: NOW }),
    deadline: fc.option(fc.integer({ min: NOW - 100_000, max: NOW + 100_000 }), { nil: null }),
    leased: fc.boolean(),
    unschedulable: fc.boolean(),
    provenAt: fc.option(fc.integer({ min: NOW - 100_000, max: NOW }), { nil: null }),
    held: fc.boolean(),
    recyclable: fc.boolean(),
  })
  .map((one): PoolUnit => ({ ...one, held: HOLDING.includes(one.state) || (one.state === 'RESETTING' && one.held) }));
const anySettings = fc.record({
  min: fc.nat(3),
  max: fc.integer({ min: 3, max: 6 }),
  most: fc.integer({ min: 1, max: 12 }),
  recycle: fc.constantFrom('always' as const, 'never' as const),
  phpVersions: fc.constantFrom(['8.2'], ['8.2', '7.4']),
  revision: fc.constant('r2'),
  madeAfter: fc.constantFrom(0, NOW - 30_000),
  mode: fc.constantFrom('running' as const, 'paused' as const, 'draining' as const),
});

/** What the runtime makes of a plan, and of a minute in which all goes well. */
function after(units: readonly PoolUnit[], view: PoolView, now: number): PoolUnit[] {
  const { actions } = planPool(view);
  const left = units.filter(({ name }) => !actions.some((one) => one.do === 'retire' && one.unit === name));
  const made = actions.flatMap((one, nth) =>
    one.do === 'make'
      ? [unit(`m-${now}-${nth}`, 'CREATING', { phpVersion: one.phpVersion, createdAt: now, since: now, leased: true })]
      : [],
  );
  const next = left.map((one): PoolUnit => {
    const action = actions.find((found) => found.do !== 'make' && found.unit === one.name);
    if (action?.do === 'quarantine') return { ...one, state: 'QUARANTINED', since: now, deadline: null };
    if (action?.do === 'recycle') return { ...one, state: 'VALIDATING', since: now, deadline: null, held: false };
    if (action?.do === 'validate') return { ...one, provenAt: now };
    if (one.unschedulable) return { ...one, unschedulable: false };
    if (one.state === 'CREATING') return { ...one, state: 'VALIDATING', since: now, deadline: null };
    if (one.state === 'VALIDATING')
      return { ...one, state: 'WARM', leased: false, since: now, deadline: null, provenAt: now };
    return { ...one, leased: false };
  });
  return [...next, ...made];
}

const isUsed = ({ state, leased, deadline }: PoolUnit): boolean =>
  (['ASSIGNED', 'READY', 'RESETTING'].includes(state) && leased) ||
  (state === 'READY' && (deadline === null || deadline >= NOW));

describe('whatever there is', () => {
  it('never plans more than the pool may have, nor touches what holds a clone or a job works on', () => {
    fc.assert(
      fc.property(fc.array(anyUnit, { maxLength: 14 }), anySettings, (units, settings) => {
        const { actions } = planPool({ units, settings, demand: new Map(), breakers: {}, now: NOW });
        const made = actions.filter((one) => one.do === 'make').length;
        const touched = actions.flatMap((one) => (one.do === 'make' || one.do === 'validate' ? [] : [one.unit]));
        expect(units.length + made).toBeLessThanOrEqual(Math.max(settings.most, units.length));
        expect(new Set(touched).size).toBe(touched.length);
        expect(units.filter((one) => isUsed(one) && touched.includes(one.name))).toEqual([]);
      }),
    );
  });

  it('uses a unit again only when its clone has ended, when it can be proven clean, and while there may be more idle ones', () => {
    fc.assert(
      fc.property(fc.array(anyUnit, { maxLength: 14 }), anySettings, (units, settings) => {
        const { actions } = planPool({ units, settings, demand: new Map(), breakers: {}, now: NOW });
        const names = new Set(actions.flatMap((one) => (one.do === 'recycle' ? [one.unit] : [])));
        const again = units.filter(({ name }) => names.has(name));
        expect(again.length === 0 || (settings.recycle === 'always' && settings.mode === 'running')).toBe(true);
        for (const one of again) {
          expect(one).toMatchObject({ state: 'READY', leased: false, recyclable: true, revision: 'r2' });
          expect(one.uses < MOST_USES && (one.deadline ?? Infinity) < NOW).toBe(true);
        }
        const gone = new Set(actions.flatMap((one) => (one.do === 'retire' ? [one.unit] : [])));
        for (const php of settings.phpVersions) {
          const idle = units.filter(
            (one) =>
              one.phpVersion === php && !one.held && !gone.has(one.name) && ['CREATING', 'WARM'].includes(one.state),
          ).length;
          const back = again.filter((one) => one.phpVersion === php);
          expect(back.length === 0 || idle + back.length <= settings.max).toBe(true);
        }
      }),
    );
  });

  it('comes to rest within a few rounds, with as many warm units as are wanted where there is room', () => {
    fc.assert(
      fc.property(fc.array(anyUnit, { maxLength: 14 }), anySettings, (start, settings) => {
        let units: PoolUnit[] = start;
        // The clock stands in the last ten rounds: what just then has been set aside long enough, or is a day old, is followed by another.
        const now = NOW + 60 * 30_000;
        for (let round = 1; round <= 70; round += 1) {
          const then = Math.min(now, NOW + round * 30_000);
          units = after(units, { units, settings, demand: new Map(), breakers: {}, now: then }, then);
        }
        const rest = planPool({ units, settings, demand: new Map(), breakers: {}, now }).actions;
        expect(rest.filter(({ do: what }) => what === 'make' || what === 'retire')).toEqual([]);
        const wanted = settings.mode === 'running' ? settings.min : 0;
        const others = units.filter(({ state }) => state !== 'WARM').length;
        const room = Math.max(0, settings.most - others);
        const warm = (php: string): number =>
          units.filter((one) => one.state === 'WARM' && one.phpVersion === php).length;
        const all = settings.phpVersions.reduce((sum, php) => sum + warm(php), 0);
        return settings.mode !== 'running' || all >= Math.min(wanted * settings.phpVersions.length, room);
      }),
    );
  });
});
