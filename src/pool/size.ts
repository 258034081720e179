import type { Demand, PoolSettings } from './types.ts';

/** Why nothing is made where somebody asked for that. */
export const HELD_BY = { paused: 'the pool is paused', draining: 'the pool is being drained' };

/** How many idle units a sub-pool should have, and the reason in words for `pool status`. */
export interface PoolSize {
  readonly units: number;
  readonly why: string;
}

const TEN_MINUTES = 600;
const HALF_MINUTE = 30;
/** The share of claims that is to find a warm unit. */
const HIT_RATE = 0.99;

/**
 * As many as will be claimed with a probability of 99 % while one more is being made: claims come by chance, so their number in that
 * time is Poisson distributed.
 */
export function poolSize(demand: Demand, { min, max, mode }: Pick<PoolSettings, 'min' | 'max' | 'mode'>): PoolSize {
  if (mode === 'draining') return { units: 0, why: HELD_BY.draining };
  const { rate, surge } = claimsPerSecond(demand);
  const seconds = demand.refillTime / 1000;
  const needed = poissonQuantile(rate * seconds, HIT_RATE) + demand.waiting;
  const units = Math.min(Math.max(needed, min), max);
  const said = `${round(rate * 60)} claims a minute${surge ? ' in the last half minute' : ''}, ${round(seconds)} s to make one`;
  return { units, why: `${said}: ${needed} needed${limit(needed, min, max)}` };
}

/** The rate is that of ten minutes, or that of half a minute (`surge`) when the demand has doubled since. */
export function claimsPerSecond({ claimsTenMinutes, claimsHalfMinute }: Demand): {
  readonly rate: number;
  readonly surge: boolean;
} {
  const steady = claimsTenMinutes / TEN_MINUTES;
  const sudden = claimsHalfMinute / HALF_MINUTE;
  const surge = sudden > 2 * steady && claimsHalfMinute > 1;
  return { rate: surge ? sudden : steady, surge };
}

function limit(needed: number, min: number, max: number): string {
  if (needed < min) return `, at least ${min} kept`;
  return needed > max ? `, at most ${max} allowed` : '';
}

/** The least k with P(X ≤ k) ≥ p for a Poisson distributed X. Zero for a mean of zero. */
export function poissonQuantile(mean: number, p: number): number {
  // Past this the normal distribution is as good, and e^-mean would soon be zero.
  if (mean > 500) return Math.ceil(mean + 2.33 * Math.sqrt(mean));
  let term = Math.exp(-mean);
  let sum = term;
  let k = 0;
  while (sum < p) {
    k += 1;
    term *= mean / k;
    sum += term;
  }
  return k;
}

const round = (value: number): string => String(Math.round(value * 10) / 10);
