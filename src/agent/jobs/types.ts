/**
 * Jobs of the agent. Words:
 * - **job**: one asynchronous operation that somebody was promised (202). It is pending, running, completed or failed.
 * - **attempt**: one run of a job by one owner. A *failure* is an attempt that ended with an error; a *loss* is one whose owner died.
 *   They are counted apart: a failure may be the job's fault, a loss is not, until it happens again and again.
 * - **owner**: the agent that runs an attempt, known as a process, so that nobody needs a clock to tell whether it lives.
 * - **epoch**: grows with each attempt. Whoever writes for an attempt names its epoch, and is refused when it is not the newest.
 * - **checkpoint**: what the next attempt must know to go on where this one stopped.
 * - **event**: one line of the job's log; its sequence number grows over all jobs of a store.
 */
import type { ErrorReport } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';

export type JobKind = 'clone' | 'restore' | 'reset' | 'delete' | 'pool';
export type JobState = 'pending' | 'running' | 'completed' | 'failed';

/** Plain data that survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
/** Sealed at rest; erased when the job ends or is cancelled. Until then another attempt may have to log in anew: one that failed took its key back. */
export type Secrets = Readonly<Record<string, string>>;

export interface JobOwner {
  /** Chosen anew by each agent that starts. */
  readonly agent: string;
  readonly pid: number;
  /** Tells the process from a later one with the same id. */
  readonly startedAt: string;
}

export interface NewJob {
  readonly kind: JobKind;
  /** Whose limits and lists it counts in; null for the home's owner. */
  readonly customer: string | null;
  /** The clone's name, reserved from now on until the job ends (for `clone`), or the clone that it works on. */
  readonly clone: string | null;
  /** Host of the live site that it reads, for the limit per source. */
  readonly sourceHost: string | null;
  /** Higher runs earlier; waiting adds one a minute. */
  readonly priority: number;
  /** What is to be done; never a secret. */
  readonly request: JsonObject;
  readonly secrets: Secrets;
  /** Further fields of the request that may hold secrets. Sealed for as long as the job is kept, since it can be done again, and shown to nobody. */
  readonly confidential: JsonObject;
  /** W3C Trace Context of the request, to go on with. */
  readonly traceparent: string | null;
}

/** How a job is found when the same request comes again (Idempotency-Key). */
export interface IdempotencyKey {
  /** Token and route: keys of others are others. */
  readonly scope: string;
  readonly key: string;
  /** Hash of the request as it was understood: the same key with another one is a mistake of the caller. */
  readonly requestHash: string;
}

export interface Job extends Omit<NewJob, 'secrets' | 'confidential'> {
  readonly id: string;
  readonly state: JobState;
  /** 1 for the first attempt, also before it began. */
  readonly attempt: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** How many of them failed because of an outage (retry.ts). */
  readonly outages: number;
  readonly losses: number;
  readonly epoch: number;
  readonly owner: JobOwner | null;
  /** 0 to 100; never goes back, in a second attempt neither. */
  readonly progress: number;
  readonly message: string;
  readonly cancelRequested: boolean;
  readonly checkpoint: JsonObject | null;
  /** Of a completed job; its secrets are asked for apart. */
  readonly result: JsonObject | null;
  /** Of a failed job, or of the last attempt of one that will be tried again. */
  readonly error: ErrorReport | null;
  /** Milliseconds since the epoch, as are all times. */
  readonly createdAt: number;
  /** When a job that waits for its next attempt may begin. */
  readonly notBefore: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** The right to write for one attempt. */
export interface Attempt {
  readonly id: string;
  readonly epoch: number;
}

export interface ClaimLimits {
  /** Running jobs of one customer. Those of the home's owner are not limited. */
  readonly perCustomer: number;
  /** Running jobs that read one live site. */
  readonly perSource: number;
  /** Only these kinds, when given. */
  readonly kinds?: readonly JobKind[];
  /** Only those that are begun to be stopped. */
  readonly onlyToStop?: boolean;
}

export type JobEvent =
  | WorkEvent
  /** The job itself changed: it was accepted, began, will be tried again, was released or ended. */
  | {
      readonly type: 'job';
      readonly state: JobState;
      readonly attempt: number;
      readonly reason?: 'accepted' | 'begun' | 'retry' | 'released' | 'lost' | 'cancelling' | 'ended';
      readonly retryAt?: number;
      readonly error?: ErrorReport;
    };

export interface StoredEvent {
  readonly sequence: number;
  readonly job: string;
  readonly at: number;
  readonly event: JobEvent;
}

export interface JobFilter {
  readonly customer?: string | null;
  readonly states?: readonly JobState[];
  readonly kinds?: readonly JobKind[];
  readonly clone?: string;
  readonly limit?: number;
  /** Only jobs older than the one with this id: the next page. */
  readonly before?: string;
}

export interface JobCounts {
  readonly pending: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  /** Of the job that has waited longest among those that may begin; null when none waits. */
  readonly oldestPendingAt: number | null;
}
