import type { Emit } from './events.ts';

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

/** What every piece of work is handed instead of reaching for it: time, waiting, chance, the log, events, cancellation. */
export interface WorkContext {
  readonly signal: AbortSignal;
  readonly now: Clock;
  /** Resolves after `milliseconds`, or rejects with the signal's reason. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Cryptographically secure random bytes. */
  readonly randomBytes: (size: number) => Buffer;
  readonly log: Logger;
  readonly emit: Emit;
}
