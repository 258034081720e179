import { noSuchClone } from '../../shared/clone-errors.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { CloneRow, LeaseOwner, UnitChanges, UnitRow } from '../../state/types.ts';
import { unitBusy, type UnitState } from '../unit-states.ts';
import type { LocalHome } from './home.ts';
import { identityOf, isAlive } from '../../shared/process.ts';

/** This job in this process, as it stands in the rows that it has leases of. */
export async function ownerOf({ jobId }: Pick<WorkContext, 'jobId'>): Promise<LeaseOwner> {
  const own = await identityOf(process.pid);
  if (own === undefined)
    throw new WpcloneError('INTERNAL', 'wpclone cannot find its own process in the list of processes.');
  return { ...own, jobId };
}

/** Whether a job of a living process has the lease. */
export const isLeased = async ({ lease }: UnitRow): Promise<boolean> => lease !== null && isAlive(lease);

/** BUSY; `unit` is how it was last seen, `name` what the caller calls it. */
export const busy = (unit: UnitRow | undefined, name: string): WpcloneError =>
  unitBusy(name, unit?.state, unit?.lease ? `process ${unit.lease.pid}` : '');

/** A unit with its clone, which it holds as long as it is leased for it. */
export type HeldUnit = UnitRow & { readonly clone: CloneRow };

export const holds = (unit: UnitRow | undefined): unit is HeldUnit => unit !== undefined && unit.clone !== null;

/** Whether no job has it but this one. */
async function isFree(seen: UnitRow, lease: LeaseOwner): Promise<boolean> {
  return isSame(seen.lease, lease) || !(await isLeased(seen));
}

/**
 * Takes a unit in the state that it is in, if nobody has it: undefined when somebody has, or has taken it since it was seen.
 * Compare and swap, so one of several at once gets it.
 */
export async function takeUnit(
  home: LocalHome,
  seen: UnitRow,
  state: UnitState,
  context: Pick<WorkContext, 'jobId'>,
): Promise<UnitRow | undefined> {
  const lease = await ownerOf(context);
  return (await isFree(seen, lease)) ? swap(home, seen, state, lease) : undefined;
}

const swap = (home: LocalHome, seen: UnitRow, state: UnitState, lease: LeaseOwner): Promise<UnitRow | undefined> =>
  home.state.units.change(seen, { state, lease, epoch: seen.epoch + 1 });

/** Takes a clone that `may` be taken as it is. Throws NOT_FOUND, BUSY. */
async function takeClone(
  home: LocalHome,
  cloneId: string,
  may: (seen: UnitRow) => boolean | Promise<boolean>,
  state: UnitState,
  context: WorkContext,
): Promise<HeldUnit> {
  const lease = await ownerOf(context);
  for (;;) {
    context.signal.throwIfAborted();
    const seen = await home.state.units.holding(cloneId);
    if (seen === undefined) throw noSuchClone(cloneId);
    if (!(await may(seen)) || !(await isFree(seen, lease))) throw busy(seen, cloneId);
    const taken = await swap(home, seen, state, lease);
    // Otherwise somebody has it now, which the next look shows, or its end was moved at this moment, which takes it from nobody.
    if (holds(taken)) return taken;
  }
}

/**
 * Takes a clone for a reset. One whose reset was cut off stays RESETTING, since it answers nobody, until another takes it over.
 * Throws NOT_FOUND, BUSY.
 */
export const leaseForReset = (home: LocalHome, cloneId: string, context: WorkContext): Promise<HeldUnit> =>
  takeClone(
    home,
    cloneId,
    async (seen) => seen.state === 'READY' || (seen.state === 'RESETTING' && !(await isLeased(seen))),
    'RESETTING',
    context,
  );

/** Takes a clone that is ready and leaves it so. Throws NOT_FOUND, BUSY. */
export const leaseForRestore = (home: LocalHome, cloneId: string, context: WorkContext): Promise<HeldUnit> =>
  takeClone(home, cloneId, ({ state }) => state === 'READY', 'READY', context);

/**
 * Takes a unit to remove it, so that nobody works on it meanwhile and the next sweep goes on when this process dies; `seen` is
 * how it was when that was decided. Undefined when it is gone. Throws BUSY when another job has the lease of it.
 */
export async function leaseForRemoval(
  home: LocalHome,
  seen: UnitRow,
  context: Pick<WorkContext, 'jobId'>,
): Promise<UnitRow | undefined> {
  const taken = await takeUnit(home, seen, 'DELETING', context);
  if (taken !== undefined) return taken;
  const now = await home.state.units.find(seen.name);
  if (now !== undefined) throw busy(now, now.clone?.id ?? now.name);
  return undefined;
}

/** Ends what was taken and makes the changes, unless somebody else has taken it since: undefined then. */
export async function endLease(
  home: LocalHome,
  taken: UnitRow,
  changes: UnitChanges & { readonly clone?: Partial<CloneRow> },
): Promise<UnitRow | undefined> {
  for (;;) {
    const seen = await home.state.units.find(taken.name);
    if (seen === undefined || !isSame(seen.lease, taken.lease) || seen.epoch !== taken.epoch) return undefined;
    const changed = await home.state.units.change(seen, { ...changes, lease: null });
    // Otherwise its end was moved at this moment, which is nothing to a lease.
    if (changed !== undefined) return changed;
  }
}

/** LEASE_LOST, in the same words wherever it is found. */
export const leaseLost = (cloneId: string): WpcloneError =>
  new WpcloneError('LEASE_LOST', `${cloneId} was taken over by another job.`, { details: { name: cloneId } });

/** Whether both are of the same job in the same process. */
export const isSame = (a: LeaseOwner | null, b: LeaseOwner | null): boolean =>
  a !== null && a.jobId === b?.jobId && a.pid === b.pid && a.startedAt === b.startedAt;
