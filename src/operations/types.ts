/**
 * The one interface that people's requests go through. `direct` does the work in this process; a remote one will ask an agent.
 * Results carry the API's names (snake_case), because `--json`, `--events` and the API print them as they are.
 */
import type { WorkContext } from '../shared/context.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import type { ErrorDetails } from '../shared/errors.ts';
import type { ClonePlan } from '../engine/clone.ts';
import type { Agreed } from '../restore/plan/agreed.ts';
import type { Plan, PlanPolicy } from '../restore/plan/schema.ts';
import type { RestoreOutcome } from '../restore/plan/outcome.ts';
import type { Drift, Receipt } from '../site/write/answers.ts';
import type { CaughtMail } from '../instance/types.ts';
import type { PoolOperations } from './pool.ts';
import type { Accepted, JobLine, JobReport } from './schemas.ts';
import type { CacheReport, Exposure, ExposureEnded, IsJobOver } from '../runtime/types.ts';
import type { CloneReport, CloneResult } from './clone-report.ts';

/** How to log in to a source, without secrets. */
export interface SourceLogin {
  readonly username?: string;
  readonly loginUrl?: string;
  readonly insecureTls: boolean;
  /** No key of an earlier run is good enough: it may be another customer's. */
  readonly mustLogIn?: boolean;
}

/** What to clone and how: plain data without secrets, which a queue can keep. */
export interface CloneRequest extends ClonePlan, SourceLogin {}

export type { Plan as RestorePlan };

/** What of a clone goes back to its live site: plain data without secrets. */
export interface RestoreRequest extends SourceLogin {
  readonly cloneId: string;
  /** The live site's address; absent: the one that was cloned. */
  readonly to?: string;
  /** That address is one of a fresh copy of the site that was cloned: what both have in common is known. */
  readonly isCopy?: boolean;
  readonly policy: PlanPolicy;
}

/** A restore as `restore list` and `restore show` print it. */
export interface RestoreReport {
  readonly restore_id: string;
  /** The live site. */
  readonly url: string;
  readonly clone_id: string | null;
  readonly status: Receipt['state'];
  /** ISO 8601. */
  readonly made_at: string;
  readonly applied_at: string | null;
  /** Rows written, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Files of the uploads put in place. */
  readonly files: number;
  /** For how long it held rows of the live site. */
  readonly held_ms: number | null;
  /** Where it was undone in part: items that are still there. */
  readonly left: number | null;
}

/** A restore that a person agreed to. */
export interface ApplyRequest extends RestoreRequest {
  /** Null: to whatever there is to bring back, unseen. */
  readonly agreed: Agreed | null;
  /** The id that it is to have: whoever asks again with the same one does not apply it twice. */
  readonly restore?: string;
}

/** A restore that was applied; without `items` there was nothing to bring back, and nothing was written. */
export interface AppliedReport extends RestoreReport, RestoreOutcome {
  readonly items: number;
  readonly warnings: readonly string[];
}

/** What was left as it is because it changed since, or something new belongs to it. */
export interface KeptItem {
  readonly item: string;
  readonly title: string;
  readonly why: readonly Drift['why'][];
}

export interface UndoReport extends RestoreReport {
  readonly undone: number;
  readonly kept: readonly KeptItem[];
}

/** Which site; needed only where this machine does not know the restore. */
export interface WrittenRequest extends SourceLogin {
  readonly to?: string;
}

/** What can be done about a restore that was applied. Whatever takes an id throws RESTORE_GONE when there is no such restore. */
export interface RestoreOperations {
  /** Newest first. */
  list(context: WorkContext): Promise<readonly RestoreReport[]>;
  show(id: string, context: WorkContext): Promise<RestoreReport>;
  /** `only`: ids of items. */
  undo(
    id: string,
    only: readonly string[] | undefined,
    request: WrittenRequest,
    credentials: Credentials,
    context: WorkContext,
  ): Promise<UndoReport>;
  accept(id: string, request: WrittenRequest, credentials: Credentials, context: WorkContext): Promise<RestoreReport>;
}

/** The words of a log-in. They are asked for only when one is needed: a source with a known key needs none. */
export interface Credentials {
  /** For a log-in without `username`, where there is somebody to ask. */
  readonly askUsername?: () => Promise<string>;
  readonly password?: () => Promise<string>;
  /** `password` needs nobody to be asked: an agent gets it with the request. */
  readonly passwordAtHand?: boolean;
  /** For a web server that asks for a password of its own. */
  readonly httpAuth?: () => Promise<{ readonly username: string; readonly password: string }>;
}

/** What a clean-up did. */
export interface GarbageReport {
  /** The clones, or what was left of them. */
  readonly removed: readonly string[];
  /** What could not be removed now; whoever cleans up next tries again. */
  readonly failed: readonly {
    readonly clone_id: string;
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: ErrorDetails;
  }[];
  /** What is kept of sources for their next clones; on this machine only. */
  readonly sources?: CacheReport;
}

export interface DisconnectReport {
  readonly url: string;
  /** False when wpclone knew of no plugin there. */
  readonly removed: boolean;
}

/**
 * An id is a clone's name. Whatever takes one throws NOT_FOUND when there is no such clone. Nothing here clears up what others
 * left, but `collectGarbage`: its caller decides when.
 */
export interface Operations {
  /** What is left over is cleared away without anybody asking for it: an agent has its own time for that. */
  readonly tidiesItself: boolean;
  clone(request: CloneRequest, credentials: Credentials, context: WorkContext): Promise<CloneResult>;
  list(context: WorkContext): Promise<readonly CloneReport[]>;
  show(id: string, options: { password: boolean }, context: WorkContext): Promise<CloneReport>;
  /** A fresh one-time log-in link. */
  loginLink(id: string, context: WorkContext): Promise<{ clone_id: string; clone_url: string; login_url: string }>;
  /** Makes the clone reachable from this machine, where it is not by itself, until the context's signal aborts. */
  expose(id: string, context: WorkContext, ended?: ExposureEnded): Promise<Exposure>;
  /** The clone ends `seconds` from now. */
  extend(id: string, seconds: number, context: WorkContext): Promise<CloneReport>;
  reset(id: string, context: WorkContext): Promise<CloneReport>;
  /** Says what of a clone would go back to the live site. Reads only. Throws NOT_THE_SOURCE, BUSY. */
  planRestore(request: RestoreRequest, credentials: Credentials, context: WorkContext): Promise<Plan>;
  /** Writes what a person agreed to. Throws PLAN_OUTDATED, RESTORE_CONFLICTS, FILES_STAY, DRIFT, PROTECTED, RESTORE_BROKE. */
  applyRestore(request: ApplyRequest, credentials: Credentials, context: WorkContext): Promise<AppliedReport>;
  /** Restores that were applied: no clone is needed for them. */
  readonly restores: RestoreOperations;
  delete(id: string, context: WorkContext): Promise<{ clone_id: string; deleted: true }>;
  /** `login` is used when no key of the site is known. */
  disconnect(
    url: string,
    login: SourceLogin,
    credentials: Credentials,
    context: WorkContext,
  ): Promise<DisconnectReport>;
  mail(id: string, context: WorkContext): Promise<readonly CaughtMail[]>;
  logs(id: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
  readonly pool: PoolOperations;
  /** Removes what crashes left and what has expired. */
  collectGarbage(context: WorkContext): Promise<GarbageReport>;
  /** When `collectGarbage` will find something to do at the latest; milliseconds since the epoch. Absent where that is another's affair. */
  dueTimes?(context: WorkContext): Promise<readonly number[]>;
  /** Whether this process is to clear up, of all that see the same clones. Absent where that is another's affair. */
  mayTend?(context: WorkContext): Promise<boolean>;
  /**
   * Takes back what jobs began that nobody goes on with, without asking the clock; returns the names of it. Where work ends with its
   * process, `isOver` is not asked: there it is what dead ones left. Absent where that is another's affair.
   */
  takeBack?(isOver: IsJobOver, context: WorkContext): Promise<readonly string[]>;
  /** For a process that outlives what makes clones: makes their next resets fast. Absent where that is another's affair. */
  keepTables?(context: WorkContext): Promise<void>;
  close(): Promise<void>;
}

/** Operations that an agent carries out, as jobs where they take long. */
export interface RemoteOperations extends Operations {
  readonly jobs: RemoteJobs;
}

/** Jobs as such. What takes an id throws JOB_NOT_FOUND. */
export interface RemoteJobs {
  /** Hands the work in and does not wait for it. */
  submitClone(request: CloneRequest, credentials: Credentials, context: WorkContext): Promise<Accepted>;
  submitReset(id: string, context: WorkContext): Promise<Accepted>;
  /** A clone that was deleted already is told of at once. */
  submitDelete(id: string, context: WorkContext): Promise<Accepted | { clone_id: string; deleted: true }>;
  /** Newest first. */
  list(
    filter: { readonly status?: string; readonly limit?: number },
    context: WorkContext,
  ): Promise<readonly JobLine[]>;
  show(id: string, context: WorkContext): Promise<JobReport>;
  /** Tells how it goes on and returns it at its end. Throws JOB_LEFT when the context's signal aborts. */
  watch(id: string, context: WorkContext): Promise<JobReport>;
  /** Throws JOB_ENDED. */
  cancel(id: string, context: WorkContext): Promise<Accepted>;
  /** Does a failed job again, as a new one. Throws JOB_ENDED, JOB_NOT_ENDED. */
  retry(id: string, login: SourceLogin, credentials: Credentials, context: WorkContext): Promise<Accepted>;
}
