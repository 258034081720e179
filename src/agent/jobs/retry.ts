import type { WpcloneError } from '../../shared/errors.ts';

/** Failures after which a job is given up. */
export const MAX_ATTEMPTS = 3;
/** Losses after which a job is given up: it may be what kills its agents. */
export const MAX_LOSSES = 3;

const BASE = 5_000;
const LONGEST_BACKOFF = 5 * 60_000;
/**
 * While the API server is away each attempt fails for what is no fault of the job: they go on for a quarter of an hour at the least, and the
 * next one comes soon after it is back. They are counted apart: whatever else fails has all its attempts before, meanwhile and afterwards.
 */
const OUTAGE = { attempts: 40, backoff: 60_000 };
const ORDINARY = { attempts: MAX_ATTEMPTS, backoff: LONGEST_BACKOFF };
/** The longest wait that a source can ask for, in milliseconds. Also tells a wait from a clock that was set back: see `isDue`. */
export const LONGEST_WAIT = 60 * 60_000;

/** Whether an attempt failed because nobody could have done it then. */
export const isOutage = ({ code }: { readonly code: string }): boolean => code === 'CLUSTER_UNREACHABLE';

/** How many attempts of a job have failed for a reason of this kind, with one that fails now. */
export const failuresLike = (
  error: { readonly code: string },
  { failures, outages }: { readonly failures: number; readonly outages: number },
): number => 1 + (isOutage(error) ? outages : failures - outages);

/**
 * Milliseconds until the next attempt; undefined when there is none. Exponential backoff with full jitter (5 s × 2ⁿ up to 5 min),
 * never earlier than the source asked for (Retry-After, RFC 9110 section 10.2.3).
 * @param failures attempts that failed for a reason of this kind so far, this one included
 * @param random between 0 and 1
 */
export function retryDelay(error: WpcloneError, failures: number, random: number): number | undefined {
  const limits = isOutage(error) ? OUTAGE : ORDINARY;
  if (!error.retryable || failures >= limits.attempts) return undefined;
  const backoff = Math.min(BASE * 2 ** failures, limits.backoff) * random;
  const asked = Math.min((error.retryAfter ?? 0) * 1000, LONGEST_WAIT);
  return Math.max(Math.round(backoff), asked);
}
