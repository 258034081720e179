import { withTimeout } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';

/** Milliseconds for taking back what was made. */
const UNDO_LIMIT = 30_000;

/**
 * Does `work`; when it fails, takes back what it made before the failure is thrown. The caller's signal may be what ended the work:
 * `undo` has one of its own. What it cannot remove has a deadline, and the next sweep does.
 */
export async function orUndo<T>(
  context: WorkContext,
  what: string,
  work: () => Promise<T>,
  undo: (context: WorkContext) => Promise<unknown>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const late = new WpcloneError('CANCELLED', 'Removing it took too long.');
    await withTimeout(UNDO_LIMIT, context, late, (signal) => undo({ ...context, signal })).catch((cause: unknown) => {
      context.log.warn('clean-up failed; the next sweep does it', { of: what, error: String(cause) });
    });
    throw error;
  }
}
