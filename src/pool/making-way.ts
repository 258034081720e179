import type { Demand, PoolUnit } from './types.ts';

/** Milliseconds for which a clone that has just been given its unit has the machine, or the node, to itself. */
const FIRST = 3_000;

/**
 * Milliseconds until a unit may be made in the place of one that a clone has just taken; 0: now. To make one costs a second of the processor,
 * which a small clone that somebody waits for needs more. Not where clones come one after the other: then the next one waits for that unit.
 */
export function makingWay(units: readonly PoolUnit[], demand: ReadonlyMap<string, Demand>, now: number): number {
  const isUrgent = [...demand.values()].some(({ waiting, claimsHalfMinute }) => waiting > 0 || claimsHalfMinute > 1);
  if (isUrgent) return 0;
  const begun = units.filter(({ state, leased, held }) => state === 'ASSIGNED' && leased && held);
  // Of a clock that is ahead of ours: no more than from now on.
  const left = begun.map(({ since }) => Math.min(FIRST - (now - since), FIRST));
  return Math.max(0, ...left);
}
