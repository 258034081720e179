/**
 * What can be done to one instance by code that reaches its folder and its database: on the same machine, or in the same pod.
 * src/instance does that work. The local runtime calls it in this process, the sidecar calls it in the pod.
 */
import type { SourceAccess } from '../site/access.ts';
import type { SiteInfo } from '../site/info.ts';
import type { StepCounters, Warning } from '../shared/events.ts';
import type { DatabaseAddress, DatabaseResult, FilesResult, MediaMode, TransferTask } from '../transfer/types.ts';

export type { DatabaseAddress, DatabaseResult, FilesResult, MediaMode };

/** Where everything of an instance is. Only `www` is served. */
export interface InstancePaths {
  readonly home: string;
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
}

/** All that a transfer needs to know; plain data, so that it can be posted to a pod. Holds secrets (access). */
export interface PullTask extends TransferTask {
  readonly access: SourceAccess;
  readonly cloneUrl: string;
}

export interface ConfigureTask {
  readonly cloneId: string;
  readonly cloneUrl: string;
  readonly info: SiteInfo;
  readonly media: MediaMode;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly admin: { readonly username: string; readonly password: string; readonly email: string };
  readonly keepMail: boolean;
  readonly insecureTls: boolean;
}

export interface ConfigureResult {
  /** Drop-ins and must-use plugins that were set aside, by their path under the content folder. */
  readonly setAside: readonly string[];
  readonly warnings: readonly Warning[];
}

export interface VerifyResult {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface CaughtMail {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export type ProgressReport = (counters: StepCounters, message?: string) => void;
export type RetryReport = (message: string, waitSeconds: number) => void;

/** How long-running work in an instance reports and is cancelled. */
export interface InstanceContext {
  readonly signal: AbortSignal;
  readonly progress: ProgressReport;
  readonly retry: RetryReport;
}

/**
 * What can be asked of an instance. Implemented beside the instance (src/instance) and, over the sidecar's HTTP API,
 * from anywhere (src/runtime/kubernetes). Each call is idempotent: after a failure it may be made again.
 */
export interface InstanceOperations {
  pullDatabase(task: PullTask, context: InstanceContext): Promise<DatabaseResult>;
  pullFiles(task: PullTask, context: InstanceContext): Promise<FilesResult>;
  configure(task: ConfigureTask, context: InstanceContext): Promise<ConfigureResult>;
  /** Front page, links, log-in; throws VERIFY_FAILED with the check that failed. */
  verify(task: ConfigureTask, context: InstanceContext): Promise<VerifyResult>;
  /** Back to the baseline: database, files, configuration; log-in tokens and caught mail are dropped. */
  reset(context: InstanceContext): Promise<void>;
  /** A fresh one-time log-in link, valid until used or the clone ends. */
  createLoginLink(signal: AbortSignal): Promise<string>;
  setExpiry(expiresAt: number, signal: AbortSignal): Promise<void>;
  listMail(signal: AbortSignal): Promise<readonly CaughtMail[]>;
}
