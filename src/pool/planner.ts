import { type Breakers, isOpen } from './breaker.ts';
import { MOST_QUARANTINED, overdue, PROBE_EVERY } from './deadlines.ts';
import { goingBack } from './going-back.ts';
import { isIdle, isOutdated, whyOutdated } from './idle.ts';
import { areEnough, makingWay } from './making-way.ts';
import { HELD_BY, type PoolSize, poolSize } from './size.ts';
import type { Demand, PoolAction, PoolSettings, PoolUnit } from './types.ts';

/** All that a plan follows from. */
export interface PoolView {
  readonly units: readonly PoolUnit[];
  readonly settings: PoolSettings;
  /** By PHP version; absent: none. */
  readonly demand: ReadonlyMap<string, Demand>;
  readonly breakers: Breakers;
  /** Another look comes soon: what is made need not be made beside a clone that has just begun, as long as what is ready is enough. */
  readonly makesWay?: boolean;
  readonly now: number;
}

export interface PoolPlan {
  readonly actions: readonly PoolAction[];
  /** By PHP version. */
  readonly sizes: ReadonlyMap<string, PoolSize>;
  /** Why no unit may be made now, of all or of some PHP versions, in words; null when any may. */
  readonly heldUp: string | null;
  /** Milliseconds until more may be made than now; 0: nothing changes by itself soon. */
  readonly again: number;
}

/** Units being made at once: more would only slow each other down. */
const MOST_IN_FLIGHT = 3;
const NO_DEMAND: Demand = { claimsTenMinutes: 0, claimsHalfMinute: 0, refillTime: 5_000, waiting: 0 };

/**
 * What to do now, from what is there and what is wanted; nothing is remembered from one plan to the next. A unit that holds a clone
 * whose time is not over, or that a living job works on, is never touched.
 */
export function planPool(view: PoolView): PoolPlan {
  const { units, settings, now } = view;
  const late = new Map(
    units.flatMap((unit) => {
      const action = overdue(unit, now);
      return action === undefined ? [] : [[unit.name, action] as const];
    }),
  );
  const staying = units.filter(({ name }) => !late.has(name));
  const back = goingBack(units, staying, settings, now);
  for (const unit of back) late.set(unit.name, recycle(unit));
  const sizes = new Map<string, PoolSize>();
  const actions: PoolAction[] = [...late.values(), ...tooManyQuarantined(staying)];
  const later = view.makesWay === true ? makingWay(units, now) : 0;
  let again = 0;
  const budget = budgetOf(view);
  for (const phpVersion of settings.phpVersions) {
    const demand = view.demand.get(phpVersion) ?? NO_DEMAND;
    const size = poolSize(demand, settings);
    sizes.set(phpVersion, size);
    const own = staying.filter((unit) => unit.phpVersion === phpVersion && isIdle(unit));
    const coming = back.filter((unit) => unit.phpVersion === phpVersion).length;
    const makesWay = later > 0 && areEnough(own.filter((unit) => isReady(unit, settings, now)).length, demand, later);
    if (makesWay) again = later;
    const allowance = makesWay ? noneOf(budget) : allowanceFor(phpVersion, budget, view);
    actions.push(...planSubPool(own, coming, size, view, allowance));
  }
  const strangers = staying.filter(
    (unit) => isIdle(unit) && !unit.leased && !settings.phpVersions.includes(unit.phpVersion),
  );
  actions.push(...strangers.map((unit) => retire(unit, `PHP ${unit.phpVersion} is not wanted`)));
  return { actions, sizes, heldUp: whyHeldUp(view) ?? whyInPart(view), again };
}

/** The right to make units, as long as there is one. */
interface Allowance {
  take(why: string): readonly PoolAction[];
  /** The pool has as many units as it may have. */
  readonly full: boolean;
}

interface Budget {
  left: number;
  readonly full: boolean;
}

function budgetOf(view: PoolView): Budget {
  const { units, settings } = view;
  const inFlight = units.filter(({ state }) => state === 'CREATING' || state === 'VALIDATING').length;
  const closed = whyHeldUp(view) !== null;
  const room = settings.most - units.length;
  return { left: closed ? 0 : Math.max(0, Math.min(MOST_IN_FLIGHT - inFlight, room)), full: room <= 0 };
}

function whyHeldUp({ units, settings }: PoolView): string | null {
  if (settings.mode !== 'running') return HELD_BY[settings.mode];
  // While one waits for room, another would only wait behind it, and clones that wait for room come first.
  if (units.some((unit) => unit.unschedulable && (unit.state === 'CREATING' || unit.state === 'ASSIGNED')))
    return 'there is no room for one that is being made already';
  return units.length >= settings.most ? `there are ${units.length} units, and ${settings.most} are allowed` : null;
}

/** Of sub-pools whose units could not be made again and again: the others go on. */
function whyInPart({ settings, breakers, now }: PoolView): string | null {
  const said = settings.phpVersions.flatMap((php) => {
    const { [php]: breaker } = breakers;
    if (breaker === undefined || !isOpen(breaker, now)) return [];
    return [
      `units${php === '' ? '' : ` of PHP ${php}`} could not be made ${breaker.failures} times: ${breaker.reason ?? ''}`,
    ];
  });
  return said.length === 0 ? null : said.join('; ');
}

const noneOf = ({ full }: Budget): Allowance => ({ full, take: () => [] });

const allowanceFor = (phpVersion: string, budget: Budget, { breakers, now }: PoolView): Allowance => ({
  full: budget.full,
  take: (why) => {
    const { [phpVersion]: breaker } = breakers;
    if (budget.left === 0 || (breaker !== undefined && isOpen(breaker, now))) return [];
    budget.left -= 1;
    return [{ do: 'make', phpVersion, why }];
  },
});

function planSubPool(
  idle: readonly PoolUnit[],
  coming: number,
  { units: needed, why }: PoolSize,
  { settings, now }: PoolView,
  allowance: Allowance,
): readonly PoolAction[] {
  // What a job works on counts, and is left alone.
  const free = idle.filter(({ leased }) => !leased);
  const outdated = free.filter((unit) => isOutdated(unit, settings, now)).toSorted((a, b) => a.createdAt - b.createdAt);
  const current = idle.filter((unit) => !isOutdated(unit, settings, now));
  const warm = current.filter(({ state }) => state === 'WARM');
  // What came back was not made for nothing, and stays as long as there may be as many.
  const back = current.filter(({ uses }) => uses > 0).length;
  const wanted = settings.mode === 'running' ? Math.max(needed, Math.min(settings.max, needed + back)) : needed;
  const missing = Math.max(0, needed - current.length - coming);
  const made = Array.from({ length: missing }, () => allowance.take(why)).flat();
  // Those that are half made go first, then the oldest.
  const goes = free.filter((unit) => current.includes(unit)).toSorted((a, b) => rank(a) - rank(b));
  const surplus = goes.slice(0, Math.max(0, current.length - wanted));
  // An old one serves until there is a new one in its place, or stands in the way of that.
  const replaced = Math.max(warm.length + outdated.length - needed, allowance.full && missing > 0 ? 1 : 0);
  const unproven = warm.filter((unit) => !unit.leased && !surplus.includes(unit) && isUnproven(unit, now));
  return [
    ...made,
    ...surplus.map((unit) => retire(unit, `${wanted} are enough: ${why}`)),
    ...outdated.slice(0, Math.max(0, replaced)).map((unit) => retire(unit, whyOutdated(unit, settings))),
    ...unproven.map(({ name }): PoolAction => ({ do: 'validate', unit: name, why: 'it was not asked lately' })),
  ];
}

/** Whoever asks for one now can have it. */
const isReady = (unit: PoolUnit, settings: PoolSettings, now: number): boolean =>
  unit.state === 'WARM' && !unit.leased && !isOutdated(unit, settings, now);

const isUnproven = ({ provenAt }: PoolUnit, now: number): boolean => provenAt === null || now - provenAt >= PROBE_EVERY;

const rank = ({ state, createdAt }: PoolUnit): number =>
  state === 'WARM' ? createdAt : createdAt - Number.MAX_SAFE_INTEGER / 2;

const recycle = ({ name }: PoolUnit): PoolAction => ({
  do: 'recycle',
  unit: name,
  why: 'the time of its clone is over',
});

const retire = (unit: PoolUnit, why: string): PoolAction => ({ do: 'retire', unit: unit.name, why });

/** The newest are kept: what they show is news. */
function tooManyQuarantined(units: readonly PoolUnit[]): readonly PoolAction[] {
  const aside = units.filter(({ state }) => state === 'QUARANTINED').toSorted((a, b) => b.since - a.since);
  return aside.slice(MOST_QUARANTINED).map((unit) => retire(unit, `${MOST_QUARANTINED} in quarantine are enough`));
}
