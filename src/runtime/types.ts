/**
 * Where instances live. Two runtimes implement this: `local` (this machine) and `kubernetes`.
 * A runtime is the truth about its clones: local ones are in the state database, Kubernetes' in the pods' labels and annotations.
 *
 * Words, each with one meaning in all of the code:
 * - **instance**: one WordPress with its own database that can hold a clone. It has a name of its own.
 * - **unit**: an instance as its runtime keeps it: its name, state, epoch and lease, whether or not it holds a clone (`Units`).
 * - **clone**: what a unit holds: a copy of a source. Its name (id) is locked apart from the unit's.
 * - **job**: one piece of work that was asked for, such as one `wpclone clone`; `WorkContext.jobId` names it.
 * - **lease**: the right of one job to change one unit until it is committed, released or lost. A process may hold many,
 *   and two jobs of one process exclude each other exactly as two processes do.
 * - **epoch**: grows by one with every lease of a unit; whoever acts for an older one is refused.
 * - **claim**: to take a warm unit for a clone, by compare-and-swap.
 * - **retire**: to remove a unit that holds no clone.
 * - **reset**: back to the baseline. (A *restore* writes to a live site.)
 */
import type { ReportingContext, WorkContext } from '../shared/context.ts';
import type { WpcloneError } from '../shared/errors.ts';
import type { Documents } from './documents.ts';
import type { Units } from './units.ts';
import type { ProvisionRequest, Instance, ProvisionLease, ResetLease, RestoreLease } from './leases.ts';
import type { RuntimeKind, CloneFacts } from './facts.ts';

/** Ids are the clones' names. Times are milliseconds since the epoch, by this machine's clock. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** The same instances whether or not they hold a clone: for whoever keeps some ready. */
  readonly units: Units;
  /** What all who use this runtime know together. */
  readonly documents: Documents;
  /**
   * Claims a warm unit for a clone of that name or makes one; on failure or abort it leaves nothing behind. Throws NAME_TAKEN.
   */
  provision(request: ProvisionRequest, context: ReportingContext): Promise<ProvisionLease>;
  /** Takes a clone that is ready, or whose reset was cut off, to reset it. Throws NOT_FOUND, BUSY. */
  takeForReset(id: string, context: WorkContext): Promise<ResetLease>;
  /** Takes a clone that is ready, to read it for a restore. Throws NOT_FOUND, NOT_READY, BUSY. */
  takeForRestore(id: string, context: WorkContext): Promise<RestoreLease>;
  list(context: WorkContext): Promise<readonly CloneFacts[]>;
  /** Throws NOT_FOUND. */
  get(id: string, context: WorkContext): Promise<{ facts: CloneFacts; instance: Instance }>;
  /** The clone's own administrator's password. */
  password(id: string, context: WorkContext): Promise<string>;
  extend(id: string, expiresAt: number, context: WorkContext): Promise<CloneFacts>;
  /** Removes the clone and all that belongs to it; idempotent. Throws BUSY while another job has a lease of it. */
  remove(id: string, context: WorkContext): Promise<void>;
  /** Removes what crashes left behind and what has expired; returns what it removed, and tells of what it could not. */
  sweep(context: WorkContext, failed?: SweepFailed): Promise<readonly string[]>;
  /**
   * When `sweep` will find something to do at the latest, as far as it is known: ends of clones, and of work that nobody goes on with.
   * Milliseconds since the epoch, by this machine's clock.
   */
  dueTimes(context: WorkContext): Promise<readonly number[]>;
  /**
   * Whether this process is the one that clears up and keeps a pool, of all that see the same instances; asked before each time, at least
   * twice a minute. Absent: there is no other.
   */
  mayTend?(context: WorkContext): Promise<boolean>;
  /**
   * Takes back what jobs began that nobody goes on with, whatever the clock says; returns the names of it. Where work ends with its
   * process, that is whatever belonged to a process that is gone, and `isOver` is not asked.
   */
  takeBack(isOver: IsJobOver, context: WorkContext): Promise<readonly string[]>;
  /** Keeps what is kept between clones of a source within its limit; only where something is. */
  trimCache?(context: WorkContext): Promise<CacheReport>;
  /** Makes files of the tables of clones that are ready, for faster resets. Absent where instances do it themselves. */
  keepTables?(context: WorkContext): Promise<void>;
  /** Streams the clone's logs (web server, PHP, database) line by line. */
  logs(id: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
  /**
   * Makes the clone's URL reachable from this machine, where it is not by itself (`wpclone open` on a cluster without an
   * Ingress), until the context's signal aborts or the runtime is closed. Throws NOT_FOUND, PORT_IN_USE,
   * and why the cluster does not let it.
   */
  expose(id: string, context: WorkContext, ended?: ExposureEnded): Promise<Exposure>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** Whether the job of that name (`WorkContext.jobId`) has ended and nobody goes on with it; false of a job that is not known. */
export type IsJobOver = (jobId: string) => boolean | Promise<boolean>;

/** What is kept of sources for their next clones, in bytes on disk that no clone needs. */
export interface CacheReport {
  /** What was removed just now. */
  readonly freed_bytes: number;
  /** What is left. */
  readonly bytes: number;
  readonly limit_bytes: number;
}

/** Hears of a clone that is over and could not be removed. */
export type SweepFailed = (id: string, error: WpcloneError) => void;

/** Hears why a clone that was made reachable never will be again: it is gone, or the right to it was taken away. */
export type ExposureEnded = (error: WpcloneError) => void;

/** How a clone is reached from this machine: by itself, or through this process, for as long as it lives at most. */
export interface Exposure {
  readonly how: 'by-itself' | 'forwarded';
  readonly url: string;
}
