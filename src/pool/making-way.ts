import { claimsPerSecond, poissonQuantile } from './size.ts';
import type { Demand, PoolUnit } from './types.ts';

/** Milliseconds for which a clone that has just been given its unit has the machine, or the node, to itself; also the longest that a unit is made later. */
const FIRST = 3_000;
/**
 * How sure it must be that the units which are ready are enough until there is another one. A clone that finds none because that one is made
 * later waits up to three seconds longer; the one that has the machine to itself wins a third of that.
 */
const SURE = 2 / 3;

/**
 * Milliseconds for which clones that have just begun have the machine to themselves; 0: no clone has. To make a unit takes as much of the
 * processor as a small clone does, which somebody waits for.
 */
export function makingWay(units: readonly PoolUnit[], now: number): number {
  const begun = units.filter(({ state, leased, held }) => state === 'ASSIGNED' && leased && held);
  // Of a clock that is ahead of ours: no more than from now on.
  const left = begun.map(({ since }) => Math.min(FIRST - (now - since), FIRST));
  return Math.max(0, ...left);
}

/** Whether so many units that are ready are enough for whoever is expected until there is another one that is begun so many milliseconds later. */
export function areEnough(ready: number, demand: Demand, later: number): boolean {
  const seconds = (later + demand.refillTime) / 1000;
  return poissonQuantile(claimsPerSecond(demand).rate * seconds, SURE) + demand.waiting <= ready;
}
