import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, type WpcloneError } from '../shared/errors.ts';

/**
 * Seconds that a clone lives after the last sign of life of the command that it is for: whatever becomes of us, and of the machine that we
 * run on, it is gone soon after.
 */
export const LEASE = 120;
/** Milliseconds between two renewals, and before one that failed is tried again. */
const BEAT = 20_000;
const AGAIN = 5_000;

/** What cannot get better: the clone is not there any more. */
const FINAL: readonly string[] = ['NOT_FOUND', 'EXPIRED'];

/**
 * Gives a clone `LEASE` seconds from now, over and over, until the context's signal aborts; the first time at once, since some of the time
 * that it was made with is over. `over` hears when there is nothing to renew any
 * more, or once nothing has been renewed for so long that the clone has ended.
 */
export async function renewWhile(
  extend: (seconds: number, signal: AbortSignal) => Promise<unknown>,
  context: Pick<WorkContext, 'now' | 'sleep' | 'signal'>,
  over: (error: WpcloneError) => void,
): Promise<void> {
  const { signal } = context;
  let renewedAt = context.now();
  let wait = 0;
  while (!signal.aborted) {
    await context.sleep(wait, signal).catch(() => undefined);
    if (signal.aborted) return;
    const began = context.now();
    try {
      await extend(LEASE, signal);
      renewedAt = began;
      wait = BEAT;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toWpcloneError(thrown);
      if (FINAL.includes(error.code) || context.now() - renewedAt > LEASE * 1000) return over(error);
      wait = AGAIN;
    }
  }
}
