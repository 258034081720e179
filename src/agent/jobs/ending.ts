import type { WorkContext } from '../../shared/context.ts';
import { type ErrorDetails, type ErrorReport, reportOf, toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { JobOutcome } from './executor.ts';
import { failuresLike, MAX_ATTEMPTS, retryDelay } from './retry.ts';
import type { ClaimedJob, JobStore } from './store.ts';

/** How an execution ended. */
export type Ending =
  { readonly ok: true; readonly outcome: JobOutcome } | { readonly ok: false; readonly error: WpcloneError };

/** Milliseconds before the first further try to write the end of a job on a disk that is full or a store that is away, and the longest. */
const AGAIN = 1_000;
const LONGEST = 30_000;
/** What passes when there is room again, or nobody else writes. */
const PASSES: readonly string[] = ['DISK_FULL', 'BUSY', 'STATE_FAILED'];

/**
 * Writes how an attempt ended; `signal` is the one that its execution was given, `leaving` aborts when the agent must end. What was done is done: a store that cannot be written
 * is asked again until it can, and until then the job is still ours; an agent that must end leaves it to the next one. An end that cannot be
 * written for another reason, which no waiting changes, is a failure of the job. An attempt that is somebody else's by now writes nothing.
 */
export async function endAttempt(
  store: JobStore,
  claimed: ClaimedJob,
  ending: Ending,
  signal: AbortSignal,
  leaving: AbortSignal,
  work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>,
): Promise<void> {
  let write: () => Promise<unknown> = ending.ok
    ? () => store.complete(claimed.attempt, ending.outcome.result, ending.outcome.secrets)
    : unhappy(store, claimed, ending.error, signal, work);
  let given = false;
  for (let wait = AGAIN; ; wait = Math.min(wait * 2, LONGEST)) {
    try {
      await write();
      return;
    } catch (thrown) {
      const error = toWpcloneError(thrown);
      if (error.code === 'LEASE_LOST') return;
      if (given || leaving.aborted) throw error;
      if (PASSES.includes(error.code)) {
        work.log.warn('the end of a job cannot be written yet', { job: claimed.job.id, error: error.message });
        await work.sleep(wait, leaving).catch(() => undefined);
      } else {
        given = true;
        write = () => store.fail(claimed.attempt, told(error, claimed));
      }
    }
  }
}

function unhappy(
  store: JobStore,
  claimed: ClaimedJob,
  error: WpcloneError,
  signal: AbortSignal,
  work: Pick<WorkContext, 'now' | 'randomBytes'>,
): () => Promise<unknown> {
  const { job, attempt } = claimed;
  // Whatever a cancelled execution says last, why it stopped is known.
  const reason = signal.aborted ? toWpcloneError(signal.reason) : undefined;
  if (reason?.code === 'RELEASED') return () => store.release(attempt);
  // A process that died took nothing back, and may have left a clone that was ready. One that always dies will not find out.
  if (reason?.code === 'CANCELLED' && error.code === 'WORKER_DIED' && failuresLike(error, job) < MAX_ATTEMPTS)
    return () => store.retryAt(attempt, told(error, claimed), work.now());
  // In the words of the work, where it has some: what it could not take back is told there.
  if (reason?.code === 'CANCELLED')
    return () => store.fail(attempt, told(error.code === 'CANCELLED' ? error : reason, claimed));
  const random = work.randomBytes(4).readUInt32BE() / 2 ** 32;
  const delay = retryDelay(error, failuresLike(error, job), random);
  if (delay === undefined) return () => store.fail(attempt, told(error, claimed));
  return () => store.retryAt(attempt, told(error, claimed), work.now() + delay);
}

/** Where the plugin is in the package, for who has none of this machine's folders. */
const PLUGIN = 'templates/migrator';

/** The error as whoever asks about the job reads it, who may be at another machine: its next steps name the job, and no folder of this one. */
function told({ code, message, details }: WpcloneError, { job }: ClaimedJob): ErrorReport {
  const { folder, ...rest } = details;
  const where: ErrorDetails = folder === undefined ? {} : { inPackage: PLUGIN };
  return reportOf(new WpcloneError(code, message, { details: { ...rest, ...where, job: job.id } }));
}
