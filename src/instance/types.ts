/**
 * What can be done to one instance by code that reaches its folder and its database: on the same machine, or in the same pod.
 * src/instance does that work. The local runtime calls it in this process, the sidecar calls it in the pod.
 */
import type { z } from 'zod';
import type { ProgressReport, RetryReport } from '../shared/context.ts';
import type {
  DatabaseAddress,
  DatabaseResult,
  EarlierClone,
  FilesResult,
  MediaMode,
  TableFilesPlace,
} from '../transfer/types.ts';
import type { JobName, JobResult, JobTask, LookSection } from './declared.ts';
import type {
  assignmentSchema,
  configureResultSchema,
  configureTaskSchema,
  leftSchema,
  lookSchema,
  mailSchema,
  appliedRestoreSchema,
  applyRestoreTaskSchema,
  planRestoreTaskSchema,
  pullTaskSchema,
  verifyResultSchema,
  verifyTaskSchema,
} from './schemas.ts';

export type { LookSection };
export type { DatabaseAddress, DatabaseResult, EarlierClone, FilesResult, MediaMode, TableFilesPlace };

/** Where everything of an instance is. Only `www` is served. */
export interface InstancePaths {
  readonly folder: string;
  /** Document root: the clone's files, laid out by the path of their URL. */
  readonly www: string;
  /** Mail that was caught, one JSON file each. */
  readonly mail: string;
  /** The baseline: file manifest, table contents, packs of file bodies. */
  readonly baseline: string;
  /** Settings the must-use plugin and the router read, log-in tokens, logs, temporary files. */
  readonly run: string;
}

/** One instance as its own machine or pod sees it: its folders and its database. */
export interface InstanceSite {
  readonly paths: InstancePaths;
  readonly database: DatabaseAddress;
  /** A folder for what is kept between clones of the same source (packs, last manifest); absent: nothing is kept. */
  readonly store?: string;
  /** Earlier clones of the same source, the one to begin with first; absent: there are none. */
  readonly earlier?: () => Promise<readonly EarlierClone[]>;
  /** WordPress as it was released, packed; absent: all of it comes from the source. */
  readonly releases?: string;
  /** Signs what the next clone takes without another look. No code of a clone can read it; absent: such things are not remembered. */
  readonly memoryKey?: () => Promise<Buffer>;
  /** Where a reset finds the tables as files; absent: there are only their rows. */
  readonly tableFiles?: TableFilesPlace;
}

export type PullTask = z.infer<typeof pullTaskSchema>;
export type ConfigureTask = z.infer<typeof configureTaskSchema>;
export type ConfigureResult = z.infer<typeof configureResultSchema>;
export type VerifyTask = z.infer<typeof verifyTaskSchema>;
export type VerifyResult = z.infer<typeof verifyResultSchema>;
export type Assignment = z.infer<typeof assignmentSchema>;
export type LeftInside = z.infer<typeof leftSchema>;
export type Look = z.infer<typeof lookSchema>;
export type PlanRestoreTask = z.infer<typeof planRestoreTaskSchema>;
export type ApplyRestoreTask = z.infer<typeof applyRestoreTaskSchema>;
export type AppliedRestore = z.infer<typeof appliedRestoreSchema>;
export type CaughtMail = z.infer<typeof mailSchema>;

/** How long-running work in an instance reports and is cancelled. */
export interface InstanceContext {
  readonly signal: AbortSignal;
  readonly progress: ProgressReport;
  readonly retry: RetryReport;
}

/** The jobs of declared.ts: each is given its task and answers its result. */
export type InstanceJobs = {
  readonly [K in JobName]: (task: JobTask<K>, context: InstanceContext) => Promise<JobResult<K>>;
};

/**
 * What can be asked of an instance. Implemented beside the instance (src/instance) and, over the sidecar's HTTP API,
 * from anywhere (src/runtime/kubernetes). Each call is idempotent: after a failure it may be made again.
 */
export interface InstanceOperations extends InstanceJobs {
  /** A fresh one-time log-in link, valid until used, or an hour old, or the clone ends. */
  createLoginLink(signal: AbortSignal): Promise<string>;
  setExpiry(expiresAt: number, signal: AbortSignal): Promise<void>;
  listMail(signal: AbortSignal): Promise<readonly CaughtMail[]>;
  /** What is in it; of one that nobody has had, nothing. */
  examine(signal: AbortSignal): Promise<LeftInside>;
}
