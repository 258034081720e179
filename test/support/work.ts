import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkContext } from '../../src/shared/context.ts';
import type { ErrorCode } from '../../src/shared/error-codes.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import type { WorkEvent } from '../../src/shared/events.ts';

const ignore = (): void => undefined;

/** A work context of the real world that keeps what it was told. */
export function workContext(
  signal: AbortSignal = new AbortController().signal,
): WorkContext & { readonly events: WorkEvent[] } {
  const events: WorkEvent[] = [];
  return {
    signal,
    events,
    now: () => Date.now(),
    sleep: (milliseconds, stop) => sleep(milliseconds, undefined, stop ? { signal: stop } : {}),
    randomBytes,
    jobId: `job-${randomBytes(9).toString('hex')}`,
    log: { debug: ignore, info: ignore, warn: ignore },
    emit: (event) => events.push(event),
  };
}

/** The coded error that the work ends with; throws when it ends well, or with anything else. */
export async function failureOf(work: Promise<unknown>): Promise<WpcloneError & { readonly code: ErrorCode }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof WpcloneError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}
