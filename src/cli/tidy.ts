import type { WorkContext } from '../shared/context.ts';
import type { Operations } from '../operations/types.ts';

/**
 * Clears away what an earlier crash or an ended clone left, and says so. What cannot be removed now is left to the next command,
 * and to `gc`, which tells why.
 */
export async function tidy(
  operations: Pick<Operations, 'collectGarbage' | 'tidiesItself'>,
  context: WorkContext,
): Promise<void> {
  if (operations.tidiesItself) return;
  const { removed } = await operations.collectGarbage(context);
  tellOfRemoved(removed, context);
}

/** Names what was cleared away, as a warning; says nothing where nothing was. */
export function tellOfRemoved(removed: readonly string[], context: WorkContext): void {
  if (removed.length === 0) return;
  const message = `Removed what was left of ${removed.join(', ')}.`;
  context.emit({ type: 'warning', code: 'LEFTOVERS_REMOVED', message });
}
