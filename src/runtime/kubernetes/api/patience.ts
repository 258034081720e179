import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from './client.ts';

export type Waiting = Pick<WorkContext, 'signal' | 'sleep' | 'now'>;

/** Milliseconds an API server may be away in the middle of work: longer than one takes to be restarted or replaced. */
const OUTAGE_LIMIT = 90_000;
/** Milliseconds for a cluster that has never answered: enough for a short failure, not long to wait for a wrong address. */
const FIRST_LIMIT = 4000;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

/**
 * Makes a call that may be made twice until it answers, fails for good, or the outage lasts too long; then throws the last error.
 * `report` hears of each wait.
 */
export async function persist<T>(
  cluster: Pick<Cluster, 'hasAnswered'>,
  context: Waiting,
  call: () => Promise<T>,
  report?: (error: WpcloneError, waitSeconds: number) => void,
): Promise<T> {
  const started = context.now();
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await call();
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof WpcloneError) || !error.retryable) throw error;
      const limit = cluster.hasAnswered() ? OUTAGE_LIMIT : FIRST_LIMIT;
      const delay = error.retryAfter === undefined ? wait : error.retryAfter * 1000;
      if (context.now() - started + delay > limit) throw error;
      report?.(error, delay / 1000);
      await context.sleep(delay, context.signal);
    }
  }
}
