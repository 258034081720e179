/** Whether making units is worth a try; a value, replaced at each result. */
export interface Breaker {
  /** Failures in a row. */
  readonly failures: number;
  /** No unit is made before then; milliseconds since the epoch. */
  readonly pausedUntil: number;
  /** What the last failure said. */
  readonly reason: string | null;
}

/** By PHP version: an image that is not there must not keep the units of another one from being made. Absent: closed. */
export type Breakers = Readonly<Record<string, Breaker>>;

export const CLOSED: Breaker = { failures: 0, pausedUntil: 0, reason: null };

/** Failures in a row that may be chance. */
const FORGIVEN = 2;
const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 10 * 60_000;

/** After a unit could not be made: from the third time in a row on there is a pause, each twice as long as the one before. */
export function afterFailure(breaker: Breaker, reason: string, now: number): Breaker {
  const failures = breaker.failures + 1;
  const pause = failures <= FORGIVEN ? 0 : Math.min(FIRST_PAUSE * 2 ** (failures - FORGIVEN - 1), LONGEST_PAUSE);
  return { failures, pausedUntil: now + pause, reason };
}

export const afterSuccess = (): Breaker => CLOSED;

/** A clock that was set back must not keep the pool empty for hours. */
export const isOpen = (breaker: Breaker, now: number): boolean =>
  breaker.pausedUntil > now && breaker.pausedUntil - now <= LONGEST_PAUSE;
