import type { WorkContext } from '../../../shared/context.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from './client.ts';

/** `emit` hears what is waited for, where nobody else tells. */
export type Waiting = Pick<WorkContext, 'signal' | 'sleep' | 'now'> & Partial<Pick<WorkContext, 'emit'>>;

/** Milliseconds an API server may be away in the middle of work: longer than one takes to be restarted or replaced. */
const OUTAGE_LIMIT = 90_000;
/** Milliseconds for a cluster that has never answered: enough for a short failure, not long to wait for a wrong address. */
const FIRST_LIMIT = 4000;
/** Milliseconds for what may pass by itself within a moment, or else only when somebody does something about it. */
const SHORT_LIMIT = 10_000;
const SHORT: readonly ErrorCode[] = ['SERVICE_ACCOUNT_MISSING', 'WEBHOOK_UNREACHABLE'];
/** Milliseconds of waiting before it is told, and between two times. */
const TOLD_AFTER = 2000;
const TOLD_AGAIN = 10_000;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

/**
 * Retries a call that may be made twice, with a backoff that doubles, until it answers, fails for good, or the outage lasts too long; then throws
 * the last error.
 * `report` hears of each wait; without it, the person hears of those that take a while.
 */
export async function withRetry<T>(
  cluster: Pick<Cluster, 'hasAnswered'>,
  context: Waiting,
  call: () => Promise<T>,
  report: (error: WpcloneError, waitSeconds: number) => void = teller(context),
): Promise<T> {
  const started = context.now();
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await call();
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof WpcloneError) || !error.retryable) throw error;
      const delay = error.retryAfter === undefined ? wait : error.retryAfter * 1000;
      if (context.now() - started + delay > limitOf(error, cluster)) throw error;
      report(error, delay / 1000);
      await context.sleep(delay, context.signal);
    }
  }
}

function limitOf({ code }: WpcloneError, cluster: Pick<Cluster, 'hasAnswered'>): number {
  if (!cluster.hasAnswered()) return FIRST_LIMIT;
  return SHORT.includes(code) ? SHORT_LIMIT : OUTAGE_LIMIT;
}

/** Short failures pass unheard; nobody waits longer without a line that says for what. */
function teller({ emit, now }: Waiting): (error: WpcloneError, waitSeconds: number) => void {
  const started = now();
  let next = started + TOLD_AFTER;
  return ({ message }, waitSeconds) => {
    const until = now() + waitSeconds * 1000;
    if (until < next) return;
    next = until + TOLD_AGAIN;
    emit?.({ type: 'warning', code: 'WAITING_FOR_CLUSTER', message: `Waiting for the cluster: ${message}` });
  };
}
