import type { WorkEvent } from '../../shared/events.ts';
import type { ClaimedJob } from './store.ts';
import type { JsonObject, Secrets } from './types.ts';

/** What came of a job that went well. */
export interface JobOutcome {
  readonly result: JsonObject;
  readonly secrets: Secrets;
}

/** What carries a job out: a child process on this machine, a pod on a cluster. */
export interface Executor {
  /**
   * Ends with the outcome or the error. `signal` asks it to stop and to take back what it did; its reason is CANCELLED (a person
   * wants it) or LEASE_LOST or RELEASED (another attempt goes on: leave for it what it can use).
   */
  run(claimed: ClaimedJob, port: ExecutionPort): Promise<JobOutcome>;
}

/** How an execution speaks while it runs. */
export interface ExecutionPort {
  readonly signal: AbortSignal;
  readonly emit: (event: WorkEvent) => void;
  readonly checkpoint: (value: JsonObject) => Promise<void>;
}
