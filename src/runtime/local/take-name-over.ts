import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { waitUntil } from '../../shared/wait-until.ts';
import type { CloneRow, UnitChanges, UnitRow } from '../../state/types.ts';
import type { LocalHome } from './home.ts';
import { busy, type HeldUnit, isLeased, isSame } from './lease.ts';
import { removeTaken } from './remove.ts';

/** Milliseconds between two looks at a clone that somebody works on, and how long that is waited for. */
const LOOK = 200;
const PATIENCE = 60_000;

/**
 * Ends the lease of a unit whose clone gets the name of another one, which loses it in the same moment and is then removed; what cannot be
 * removed now is left to the next sweep. Undefined when the unit is somebody else's. Throws BUSY while a job has the other clone; that
 * one stays as it is then.
 */
export async function takeNameOver(
  home: LocalHome,
  unit: HeldUnit,
  name: string,
  changes: UnitChanges & { readonly clone?: Partial<CloneRow> },
  context: WorkContext,
): Promise<UnitRow | undefined> {
  const { units } = home.state;
  for (;;) {
    const old = await freed(home, name, context);
    const seen = await units.find(unit.name);
    if (seen === undefined || !isSame(seen.lease, unit.lease) || seen.epoch !== unit.epoch) return undefined;
    const ready = await units.takeOver(seen, name, old, { ...changes, lease: null });
    if (ready === undefined) continue;
    if (old !== undefined) await removed(home, old, context);
    return ready;
  }
}

/** The unit that holds the clone, once nobody works on it; undefined when there is no such clone any more. */
async function freed(home: LocalHome, name: string, context: WorkContext): Promise<UnitRow | undefined> {
  const look = () => home.state.units.holding(name);
  const free = async (): Promise<boolean> => {
    const unit = await look();
    return unit === undefined || !(await isLeased(unit));
  };
  const wait = { every: LOOK, limit: PATIENCE, signal: context.signal };
  if ((await waitUntil(free, wait, context)) !== true) throw busy(await look(), name);
  return look();
}

async function removed(home: LocalHome, old: UnitRow, context: WorkContext): Promise<void> {
  try {
    const gone = await home.state.units.find(old.name);
    if (gone !== undefined) await removeTaken(home, gone, context);
  } catch (error) {
    context.log.warn('what was replaced is left to the next sweep', {
      unit: old.name,
      error: toWpcloneError(error).message,
    });
  }
}
