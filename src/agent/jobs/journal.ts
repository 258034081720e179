import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';
import { progressOf } from './progress.ts';
import type { ClaimedJob, JobStore } from './store.ts';

/** Milliseconds between two counters of one step in the log: often enough for the eye, seldom enough for the disk. */
const COUNTER_PAUSE = 250;

/** Writes what an attempt tells into the job's log, in order and without holding the work up. */
export interface Journal {
  readonly note: (event: WorkEvent) => void;
  /** Resolves when all that was noted is written; rejects with LEASE_LOST when the attempt is over. */
  readonly written: () => Promise<void>;
}

/** `onLost` is called once, when the store says that the attempt is somebody else's. */
export function keepJournal(
  store: JobStore,
  { job, attempt }: ClaimedJob,
  work: Pick<WorkContext, 'now' | 'log'>,
  onLost: (error: unknown) => void,
): Journal {
  const progress = progressOf(job.kind);
  const countedAt = new Map<string, number>();
  let chain: Promise<unknown> = Promise.resolve();
  let lost: unknown;

  const write = async (event: WorkEvent, share: number): Promise<void> => {
    if (lost !== undefined) return;
    try {
      await store.append(attempt, event, share);
    } catch (error) {
      if (toWpcloneError(error).code !== 'LEASE_LOST') {
        // A full disk must not cost the job: what is lost is a line of its log.
        work.log.warn('an event could not be written', { job: job.id, error: toWpcloneError(error).message });
        return;
      }
      lost = error;
      onLost(error);
    }
  };
  return {
    note: (event) => {
      const share = progress.next(event);
      if (event.type === 'step-progress') {
        const now = work.now();
        if (now - (countedAt.get(event.step) ?? -Infinity) < COUNTER_PAUSE) return;
        countedAt.set(event.step, now);
      }
      chain = chain.then(() => write(event, share));
    },
    written: async () => {
      await chain;
      if (lost !== undefined) throw lost;
    },
  };
}
