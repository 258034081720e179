import { noSuchClone } from '../../shared/clone-errors.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { LeaseOwner, LocalInstanceRow } from '../../state/types.ts';
import type { LocalHome } from './home.ts';
import { identityOf, isAlive } from './process.ts';

/** This job in this process, as it stands in the rows that it has leases of. */
export async function ownerOf({ jobId }: Pick<WorkContext, 'jobId'>): Promise<LeaseOwner> {
  const own = await identityOf(process.pid);
  if (own === undefined)
    throw new WpcloneError('INTERNAL', 'wpclone cannot find its own process in the list of processes.');
  return { ...own, jobId };
}

/** Whether a job of a living process has the lease. */
export const isLeased = async (row: LocalInstanceRow): Promise<boolean> => row.owner !== null && isAlive(row.owner);

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
 * Takes a clone for a reset. One whose reset was cut off stays `resetting`, since it answers nobody, until another takes it
 * over. Throws NOT_FOUND, BUSY.
 */
export async function leaseForReset(home: LocalHome, id: string, context: WorkContext): Promise<LocalInstanceRow> {
  const { instances } = home.state;
  const owner = await ownerOf(context);
  const seen = instances.find(id);
  if (seen === undefined) throw noSuchClone(id);
  const may = seen.state === 'ready' || (seen.state === 'resetting' && !(await isLeased(seen)));
  const changes = { state: 'resetting', owner, epoch: seen.epoch + 1 } as const;
  if (!may || !instances.updateUnchanged(seen, changes)) throw busy(instances.find(id), id);
  return { ...seen, ...changes };
}

/**
 * Takes a clone to remove it, so that nobody resets it meanwhile and the next sweep goes on when this process dies; `seen` is
 * how the row was when that was decided. Throws BUSY when another job has the lease of it.
 */
export async function leaseForRemoval(
  home: LocalHome,
  seen: LocalInstanceRow,
  context: Pick<WorkContext, 'jobId'>,
): Promise<void> {
  const owner = await ownerOf(context);
  const free = isSame(seen.owner, owner) || !(await isLeased(seen));
  const changes = { state: 'failed', owner, epoch: seen.epoch + 1 } as const;
  if (free && home.state.instances.updateUnchanged(seen, changes)) return;
  const now = home.state.instances.find(seen.id);
  if (now !== undefined) throw busy(now, seen.id);
}

/** Ends what was taken, unless somebody else has taken it since: says whether it was still ours. */
export function endLease(home: LocalHome, lease: LocalInstanceRow, changes: Partial<LocalInstanceRow>): boolean {
  const { instances } = home.state;
  const seen = instances.find(lease.id);
  // Its end may have been moved meanwhile, which is nothing to a lease.
  if (seen === undefined || !isSame(seen.owner, lease.owner) || seen.epoch !== lease.epoch) return false;
  return instances.updateUnchanged(seen, { ...changes, owner: null });
}

/** LEASE_LOST, in the same words wherever it is found. */
export const leaseLost = (id: string): WpcloneError =>
  new WpcloneError('LEASE_LOST', `${id} was taken over by another job.`, { details: { name: id } });

const isSame = (a: LeaseOwner | null, b: LeaseOwner | null): boolean =>
  a !== null && a.jobId === b?.jobId && a.pid === b.pid && a.startedAt === b.startedAt;
