import type { ErrorCode } from '../shared/error-codes.ts';
import type { WpcloneError } from '../shared/errors.ts';

/** How many attempts in a row may bring nothing new before we give up. Any progress starts the count again. */
const FRUITLESS_LIMIT: Partial<Record<ErrorCode, number>> = {
  UNREACHABLE: 10,
  SOURCE_FAILED: 10,
  SOURCE_DATABASE_DOWN: 10,
  SOURCE_IN_MAINTENANCE: 10,
  RATE_LIMITED: 12,
  SOURCE_BLOCKED: 3,
  MIGRATOR_MISSING: 2,
  SIGNATURE_REFUSED: 3,
};
/** A site that never answered at all is more likely to be wrong than to be restarting. */
const NEVER_ANSWERED_LIMIT = 4;
/** Milliseconds, as the longest one. */
const FIRST_WAIT: Partial<Record<ErrorCode, number>> = { RATE_LIMITED: 4000, SOURCE_BLOCKED: 5000 };
const LONGEST_WAIT = 30_000;
/** Seconds. A site that asks us to wait for longer than that is given up. */
const LONGEST_RETRY_AFTER = 300;

/** Decides how long to wait after an attempt that failed, and when to stop trying. */
export interface Backoff {
  /** Something came that had not come before. */
  progress(): void;
  /** Milliseconds to wait before the next attempt. Throws the error when there is no point in one. */
  next(error: WpcloneError): number;
}

/**
 * `answered`: whether the site has ever answered this client. `random`: from 0 up to, not including, 1. `hasty`: there is another way to
 * try, so that a wall is not asked again.
 */
export function createBackoff(answered: () => boolean, random: () => number, hasty = false): Backoff {
  let fruitless = 0;
  return {
    progress: () => {
      fruitless = 0;
    },
    next: (error) => {
      fruitless += 1;
      const limit = answered() ? limitOf(error) : Math.min(NEVER_ANSWERED_LIMIT, limitOf(error));
      const walled = hasty && error.code === 'SOURCE_BLOCKED' && !answered();
      if (!error.retryable || walled || fruitless >= limit) throw error;
      if (error.retryAfter !== undefined) {
        if (error.retryAfter > LONGEST_RETRY_AFTER) throw error;
        return Math.max(1, error.retryAfter) * 1000;
      }
      const first = FIRST_WAIT[error.code] ?? 250;
      const wait = Math.min(LONGEST_WAIT, first * 2 ** (fruitless - 1));
      return Math.round(wait * (0.75 + random() / 2));
    },
  };
}

/** What a server does not mend the next time it opens a table, it never does. */
const DAMAGED_LIMIT = 3;

const limitOf = (error: WpcloneError): number =>
  error.details['damaged'] === true ? DAMAGED_LIMIT : (FRUITLESS_LIMIT[error.code] ?? 5);
