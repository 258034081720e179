import type { WorkContext } from '../../shared/context.ts';
import { reportOf, toWpcloneError, type WpcloneError } from '../../shared/errors.ts';
import type { JobOutcome } from './executor.ts';
import { retryDelay } from './retry.ts';
import type { ClaimedJob, JobStore } from './store.ts';

/** How an execution ended. */
export type Ending =
  { readonly ok: true; readonly outcome: JobOutcome } | { readonly ok: false; readonly error: WpcloneError };

/** Milliseconds between two tries to write the end of a job on a disk that is full or a store that is away. */
const AGAIN = 1_000;

/**
 * Writes how an attempt ended; `signal` is the one that its execution was given. What was done is done: a store that cannot be written
 * is asked again until it can, and until then the job is still ours. An attempt that is somebody else's by now writes nothing.
 */
export async function endAttempt(
  store: JobStore,
  claimed: ClaimedJob,
  ending: Ending,
  signal: AbortSignal,
  work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>,
): Promise<void> {
  const write = ending.ok
    ? () => store.complete(claimed.attempt, ending.outcome.result, ending.outcome.secrets)
    : unhappy(store, claimed, ending.error, signal, work);
  for (;;) {
    try {
      await write();
      return;
    } catch (thrown) {
      const error = toWpcloneError(thrown);
      if (error.code === 'LEASE_LOST') return;
      work.log.warn('the end of a job cannot be written yet', { job: claimed.job.id, error: error.message });
      await work.sleep(AGAIN);
    }
  }
}

function unhappy(
  store: JobStore,
  { job, attempt }: ClaimedJob,
  error: WpcloneError,
  signal: AbortSignal,
  work: Pick<WorkContext, 'now' | 'randomBytes'>,
): () => Promise<unknown> {
  // Whatever a cancelled execution says last, why it stopped is known.
  const reason = signal.aborted ? toWpcloneError(signal.reason) : undefined;
  if (reason?.code === 'RELEASED') return () => store.release(attempt);
  // In the words of the work, where it has some: what it could not take back is told there.
  if (reason?.code === 'CANCELLED')
    return () => store.fail(attempt, reportOf(error.code === 'CANCELLED' ? error : reason));
  const random = work.randomBytes(4).readUInt32BE() / 2 ** 32;
  const delay = retryDelay(error, job.failures + 1, random);
  if (delay === undefined) return () => store.fail(attempt, reportOf(error));
  return () => store.retryAt(attempt, reportOf(error), work.now() + delay);
}
