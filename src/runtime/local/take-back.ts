import { withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { LocalHome } from './home.ts';
import { removeUnit } from './remove.ts';

/** Milliseconds that taking back what could not be made may last; past it the next sweep does the rest. */
const UNDO_LIMIT = 30_000;

/** Removes what this job was making. The caller's signal may be what ended the work: this has a time limit of its own. */
export async function takeBack(home: LocalHome, name: string, context: WorkContext): Promise<void> {
  try {
    const late = new WpcloneError('CANCELLED', 'Removing it took too long.');
    await withTimeout(UNDO_LIMIT, context, late, (signal) => removeUnit(home, name, { ...context, signal }));
  } catch (error) {
    context.log.warn('taking back failed', { unit: name, error: String(error) });
    // A process that lives long must not keep the next sweep from it.
    const left = await home.state.units.find(name).catch(() => undefined);
    if (left?.lease?.jobId === context.jobId)
      await home.state.units.change(left, { lease: null }).catch(() => undefined);
  }
}
