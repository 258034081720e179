import { request } from 'undici';
import { withTimeout } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';

/** Milliseconds. It takes a tenth of a second or two; what takes longer is not worth waiting for. */
const LIMIT = 3_000;

/**
 * Has the PHP that will serve the clone read WordPress's own files, which are there, while the tables still come: the first three pages are
 * asked for at once, and each would compile all of them. Whatever goes wrong costs only time. Throws the signal's reason.
 */
export async function compileCore(base: string, work: Pick<WorkContext, 'sleep' | 'signal'>): Promise<void> {
  const ask = async (limit: AbortSignal): Promise<void> => {
    const signal = AbortSignal.any([work.signal, limit]);
    const { body } = await request(`${base}/`, { headers: { 'x-wpclone-compile': '1' }, signal });
    await body.dump();
  };
  try {
    await withTimeout(LIMIT, work, new Error('PHP does not come to an end with WordPress'), ask);
  } catch {
    work.signal.throwIfAborted();
  }
}
