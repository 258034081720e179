import { ERRORS, type ErrorCode } from './error-codes.ts';
import { shellWord } from './format.ts';
import { codeOf } from './system.ts';

/** What a next step speaks of: a key of the details. */
const PLACEHOLDER = /\{(\w+)\}/g;

export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * An error a person can act on. Lower layers throw it; only the command line and the HTTP edge render it. `message` says what happened; never put a secret in it or in
 * `details`.
 */
export class WpcloneError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** Whether the same call may succeed when made again a little later. */
  readonly retryable: boolean;
  /** Seconds the other side asked us to wait (Retry-After, RFC 9110 section 10.2.3). */
  readonly retryAfter: number | undefined;
  private readonly saidNext: readonly string[] | undefined;

  /** `nextSteps`: as another process of ours worked them out, instead of those that the table has. */
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      details?: ErrorDetails;
      cause?: unknown;
      retryable?: boolean;
      retryAfter?: number | undefined;
      nextSteps?: readonly string[];
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WpcloneError';
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.saidNext = options.nextSteps;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }

  /** A step that speaks of what this error does not name is left out. What it names may come from a site, and goes into a shell. */
  get nextSteps(): string[] {
    if (this.saidNext !== undefined) return [...this.saidNext];
    return ERRORS[this.code].next
      .filter((step) => [...step.matchAll(PLACEHOLDER)].every(([, key = '']) => this.details[key] !== undefined))
      .map((step) => step.replace(PLACEHOLDER, (_, key: string) => shellWord(String(this.details[key]))));
  }
}

/** The error as the API and `--json` show it. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next_steps: readonly string[];
}

const NO_ROOM: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

const isNoRoom = (error: unknown): boolean => NO_ROOM.includes(codeOf(error));

/** Turns anything thrown into a `WpcloneError`; what is not ours becomes CANCELLED (an abort) or INTERNAL. */
export function toWpcloneError(error: unknown): WpcloneError {
  if (error instanceof WpcloneError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return error.cause instanceof WpcloneError
      ? error.cause
      : new WpcloneError('CANCELLED', 'Cancelled.', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  // Whatever was being written: it is no bug.
  if (isNoRoom(error)) {
    const details: ErrorDetails =
      error instanceof Error && 'path' in error && typeof error.path === 'string' ? { path: error.path } : {};
    return new WpcloneError('DISK_FULL', `There is no room left: ${message}`, { details, cause: error });
  }
  return new WpcloneError('INTERNAL', message, { cause: error });
}

/** The error under the names that `--json` and the API print. */
export function reportOf(error: WpcloneError): ErrorReport {
  return { code: error.code, message: error.message, next_steps: error.nextSteps };
}
