import type { ErrorReport } from '../../shared/errors.ts';
import type {
  Attempt,
  ClaimLimits,
  IdempotencyKey,
  Job,
  JobCounts,
  JobEvent,
  JobFilter,
  JobOwner,
  JsonObject,
  NewJob,
  Secrets,
  StoredEvent,
} from './types.ts';

/** A job as its owner gets it: with what it must not tell. */
export interface ClaimedJob {
  readonly job: Job;
  readonly secrets: Secrets;
  readonly confidential: JsonObject;
  readonly attempt: Attempt;
}

export interface EnqueueOptions {
  readonly key?: IdempotencyKey;
  /** Jobs that may wait, of all and of one customer. The home's owner is no customer. */
  readonly limit?: number;
  readonly customerLimit?: number;
}

/**
 * Where jobs are kept. Whatever a call has answered is durable. Every write for an attempt tests that it is still the newest one of
 * a running job, and throws LEASE_LOST when it is not; nothing is written then. A store that cannot be written throws DISK_FULL,
 * BUSY or STATE_FAILED, and works again when it can be.
 */
export interface JobStore {
  /**
   * Keeps the job, its key and its first event in one step. The same key and request again returns the job of the first time
   * (`replayed`). Throws IDEMPOTENCY_CONFLICT (same key, other request), NAME_TAKEN (another job has reserved the clone's
   * name), QUEUE_FULL (as many jobs wait as `limit` says, or of its customer as `customerLimit` does).
   */
  enqueue(job: NewJob, options?: EnqueueOptions): Promise<{ readonly job: Job; readonly replayed: boolean }>;

  /** The job that was handed in with this key; undefined when there is none any more. Throws IDEMPOTENCY_CONFLICT. */
  findByKey(key: IdempotencyKey): Promise<Job | undefined>;

  /** The next job that may run, now running under a new epoch; undefined when there is none within the limits. */
  claim(owner: JobOwner, limits: ClaimLimits): Promise<ClaimedJob | undefined>;

  /** Whether somebody wants the job to stop. */
  renew(attempt: Attempt): Promise<{ readonly cancelRequested: boolean }>;
  /** Adds an event to the log; `progress` (0 to 100) is only ever raised. Returns its sequence number. */
  append(attempt: Attempt, event: JobEvent, progress?: number): Promise<number>;
  /** Replaces what the next attempt must know. */
  checkpoint(attempt: Attempt, checkpoint: JsonObject): Promise<void>;

  complete(attempt: Attempt, result: JsonObject, secrets: Secrets): Promise<Job>;
  fail(attempt: Attempt, error: ErrorReport): Promise<Job>;
  /** The attempt failed and another follows at `notBefore`. */
  retryAt(attempt: Attempt, error: ErrorReport, notBefore: number): Promise<Job>;
  /** Gives the job back as if this attempt had not been: for an agent that stops. */
  release(attempt: Attempt): Promise<Job>;

  /**
   * A pending job fails with CANCELLED at once; a running one is asked to stop, and the owner does; its passwords are erased. A pending
   * one whose last attempt was cut off is begun once more, to be stopped, as in `reap`. Throws JOB_NOT_FOUND, JOB_ENDED.
   */
  cancel(id: string): Promise<Job>;
  find(id: string): Promise<Job | undefined>;
  /** What of a job's request is shown to nobody: for doing it again. */
  confidential(id: string): Promise<JsonObject>;
  /** What a completed job's result must not show to everybody: the clone's password and log-in link. */
  resultSecrets(id: string): Promise<Secrets>;
  /** Newest first. */
  list(filter?: JobFilter): Promise<readonly Job[]>;
  /** The next events after a sequence number, oldest first, of one job or of all; at most `limit`. */
  events(after: number, options: { readonly job?: string; readonly limit: number }): Promise<readonly StoredEvent[]>;
  /** The sequence number of the last event; 0 before the first. */
  newest(): Promise<number>;
  counts(): Promise<JobCounts>;
  /** Writes something small, to see whether it can. */
  probe(): Promise<void>;

  /**
   * Takes back the jobs of owners that are gone: pending again, or failed with AGENT_LOST after the third loss. One that somebody wanted
   * to stop is begun once more too, to be stopped: nobody knows yet what its owner has left. Returns what it took back.
   */
  reap(isAlive: (owner: JobOwner) => Promise<boolean>): Promise<readonly Job[]>;
  /** Forgets jobs that ended before `endedBefore`, with their events and keys. Returns how many. */
  prune(endedBefore: number): Promise<number>;
  close(): void;
}
