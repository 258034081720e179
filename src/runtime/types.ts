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
import type { Finding } from '../shared/findings.ts';
import type { InstanceOperations } from '../instance/types.ts';
import type { Documents } from './documents.ts';
import type { Units } from './units.ts';

export type RuntimeKind = 'local' | 'kubernetes';

/** creating → ready → (resetting → ready) → gone. `failed` is only seen when a clean-up could not finish. */
export type CloneState = 'creating' | 'ready' | 'resetting' | 'expired' | 'failed';

/** What is known of the site that was cloned. */
export interface SourceFacts {
  readonly url: string;
  readonly wordpressVersion: string;
  readonly phpVersion: string;
}

/** What is known of a clone, without secrets. */
export interface CloneFacts {
  /** Its name and id, unique within a runtime: `mysite-k3f`; a DNS label (RFC 1123) of at most 40 characters. */
  readonly id: string;
  readonly runtime: RuntimeKind;
  readonly state: CloneState;
  /** Where people reach it. */
  readonly url: string;
  readonly source: SourceFacts;
  readonly adminUsername: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** What differs from the source, as it was seen when the clone was made; empty while it is being made. */
  readonly findings: readonly Finding[];
}

/** What an instance is asked for with. */
export interface ProvisionRequest {
  readonly id: string;
  readonly sourceUrl: string;
  readonly expiresAt: number;
  /** The instance nearest to this PHP version is chosen where there is a choice; undefined while it is not known yet. */
  readonly phpVersion?: Promise<string | undefined>;
  /** No other than this, such as `8.2`. Throws PHP_VERSION_MISSING where there is none. */
  readonly php?: string;
  /** The clone that this one takes the name of when it is committed; it is removed then. Throws REPLACE_UNSUPPORTED for one of 0.1.0 in a cluster. */
  readonly replaces?: string;
}

/** An instance that can take a clone or holds one. */
export interface Instance {
  readonly id: string;
  readonly url: string;
  /** `warm`: was ready and waiting; `created`: made for this clone; `taken-up`: an earlier attempt of the same job had it. */
  readonly how: 'warm' | 'created' | 'taken-up';
  /** The PHP it runs on, such as `8.2`, where the runtime has not told of it itself. */
  readonly php?: string;
  readonly operations: InstanceOperations;
}

/** What makes a finished instance a clone. */
export interface CloneRecord {
  /** The clone's own URL: the instance's origin with the path of the source's home URL. */
  readonly url: string;
  readonly source: SourceFacts;
  /** Counted from the moment the clone is ready: replaces the one given to `provision`. Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly adminUsername: string;
  readonly adminPassword: string;
  readonly findings: readonly Finding[];
}

/** What all leases have. */
interface LeaseOfUnit {
  readonly jobId: string;
  /** The name of the clone that the unit holds or is to hold. */
  readonly cloneId: string;
  /** The unit's epoch in this lease. */
  readonly epoch: number;
  readonly instance: Instance;
  /** Aborts with LEASE_LOST when the unit has become somebody else's: then nothing of it may be undone either. */
  readonly lost: AbortSignal;
  /**
   * Gives the unit up as it is, without undoing anything. Until then, or until the holder is known to be dead, nobody else
   * gets it. Does nothing when the lease is over.
   */
  release(context: WorkContext): Promise<void>;
}

/** Of a unit into which a clone is put. Given up, the unit is removed by the next sweep. */
export interface ProvisionLease extends LeaseOfUnit {
  readonly purpose: 'provision';
  /** The clone was looked at: from here on it is listed as ready. Ends the lease. Throws LEASE_LOST, INSTANCE_LOST. */
  commit(record: CloneRecord, context: WorkContext): Promise<CloneFacts>;
  /** Takes all of it back and ends the lease; leaves a unit alone that is somebody else's by now. */
  remove(context: WorkContext): Promise<void>;
}

/** Of a clone that goes back to its baseline. Given up, the clone stays `resetting` and answers nobody until it is reset again. */
export interface ResetLease extends LeaseOfUnit {
  readonly purpose: 'reset';
  /** The clone is as it was made: from here on it is listed as ready again. Ends the lease. Throws LEASE_LOST, INSTANCE_LOST. */
  commit(context: WorkContext): Promise<CloneFacts>;
}

/** Of a clone that stays as it is while it is read: nobody resets or removes it meanwhile. Given up, it is as before. */
export interface RestoreLease extends LeaseOfUnit {
  readonly purpose: 'restore';
}

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
