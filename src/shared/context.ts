import type { Emit, StepCounters } from './events.ts';

/** For `--debug` and the logs of a pod. Never a secret, and no personal data of a site. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

/** What all work is given instead of reaching for it, so that tests can replace it: time, randomness, log, events, cancellation. */
export interface WorkContext {
  readonly signal: AbortSignal;
  readonly now: Clock;
  /** Resolves after `milliseconds`, or rejects with the signal's reason. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Cryptographically secure random bytes. */
  readonly randomBytes: (size: number) => Buffer;
  readonly log: Logger;
  readonly emit: Emit;
  /** The job that this work belongs to: what it takes is taken in this name. Unique among all that use the same runtime. */
  readonly jobId: string;
}

export type ProgressReport = (counters: StepCounters, message?: string) => void;
export type RetryReport = (message: string, waitSeconds: number) => void;

/** For work that may take long: what it tells of itself. As part of which step that is shown is the giver's affair. */
export interface ReportingContext extends WorkContext {
  readonly progress?: ProgressReport;
  readonly retry?: RetryReport;
}

/** A name for a job that has none from its caller: `job-` and 96 random bits. */
export const newJobId = (randomBytes: WorkContext['randomBytes']): string =>
  `job-${randomBytes(12).toString('base64url')}`;
