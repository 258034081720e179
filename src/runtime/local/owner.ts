import { noSuchClone } from '../../shared/clone-errors.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { LocalInstanceRow } from '../../state/types.ts';
import type { LocalHome } from './home.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process.ts';

/** This process, as it stands in the rows that it works on. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const own = await identityOf(process.pid);
  if (own === undefined)
    throw new WpcloneError('INTERNAL', 'wpclone cannot find its own process in the list of processes.');
  return own;
}

/** Whether a living process works on the clone. */
export const isOwned = async (row: LocalInstanceRow): Promise<boolean> => row.owner !== null && isAlive(row.owner);

const DOING: Partial<Record<LocalInstanceRow['state'], string>> = {
  creating: 'made',
  resetting: 'reset',
  failed: 'removed',
};

/** BUSY, saying what the clone's owner is doing; `row` is how it was last seen. */
export function busy(row: LocalInstanceRow | undefined, id: string): WpcloneError {
  const doing = (row && DOING[row.state]) ?? 'changed';
  const by = row?.owner ? ` (process ${row.owner.pid})` : '';
  return new WpcloneError('BUSY', `${id} is being ${doing} by another wpclone${by}.`, { retryable: true });
}

/**
 * Takes a clone for a reset, or gives it back after one. One whose reset was cut off stays `resetting`, since it answers nobody,
 * until another takes it over. Throws NOT_FOUND, BUSY.
 */
export async function setResetting(home: LocalHome, id: string, next: 'ready' | 'resetting'): Promise<void> {
  const { instances } = home.state;
  const own = await ownIdentity();
  const seen = instances.find(id);
  if (seen === undefined) throw noSuchClone(id);
  const may =
    next === 'resetting'
      ? seen.state === 'ready' || (seen.state === 'resetting' && !(await isOwned(seen)))
      : seen.state === 'resetting' && isSame(seen.owner, own);
  const changes = { state: next, owner: next === 'resetting' ? own : null };
  if (!may || !instances.updateUnchanged(seen, changes)) throw busy(instances.find(id), id);
}

/**
 * Marks a clone as being removed by this process, so that nobody resets it meanwhile and the next sweep goes on when this
 * process dies; `seen` is how the row was when that was decided. Throws BUSY when another living process works on it.
 */
export async function claimForRemoval(home: LocalHome, seen: LocalInstanceRow): Promise<void> {
  const own = await ownIdentity();
  const free = isSame(seen.owner, own) || !(await isOwned(seen));
  const claimed = free && home.state.instances.updateUnchanged(seen, { state: 'failed', owner: own });
  if (claimed) return;
  const now = home.state.instances.find(seen.id);
  if (now !== undefined) throw busy(now, seen.id);
}

const isSame = (a: ProcessIdentity | null, b: ProcessIdentity): boolean =>
  a?.pid === b.pid && a.startedAt === b.startedAt;
