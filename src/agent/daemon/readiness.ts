import type { Clock } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { JobStore } from '../jobs/store.ts';

/** Milliseconds without a sight of the runtime after which the agent is not ready. */
const UNSEEN = 60_000;
/** Milliseconds for which a store that took a write is believed: each look waits for the disk, and who asks needs no token. */
const BELIEVED = 1_000;

export interface ReadinessSources {
  readonly store: Pick<JobStore, 'probe'>;
  readonly stopping: AbortSignal;
  /** Milliseconds since the runtime was last seen. */
  readonly unseen: () => number;
  readonly monotonic: Clock;
}

/** Says why no jobs can be taken now; undefined when they can. */
export function createReadiness({ store, stopping, unseen, monotonic }: ReadinessSources) {
  let writtenAt = -Infinity;
  return async (): Promise<string | undefined> => {
    if (stopping.aborted) return 'the agent stops';
    try {
      if (monotonic() - writtenAt >= BELIEVED) {
        await store.probe();
        writtenAt = monotonic();
      }
    } catch (error) {
      return `jobs cannot be written (${toWpcloneError(error).code})`;
    }
    return unseen() > UNSEEN ? 'the runtime has not been seen for a minute' : undefined;
  };
}
