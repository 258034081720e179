import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Instance } from '../../leases.ts';
import { unitBusy } from '../../unit-states.ts';
import type { Cluster } from '../api/client.ts';
import { type Transition, transition } from './cas.ts';
import { findUnit, unitOf } from './find.ts';
import { holdEnd, workDeadline } from './keep-alive.ts';
import { DEADLINE, HELD_UNTIL } from './names.ts';
import { isLeased, type Unit } from './unit.ts';
import { requireNode } from './whether-lost.ts';

/**
 * Takes the unit of a clone that is ready and that nobody holds, or whose reset was cut off: by an earlier attempt of the same job, which
 * it then goes on with, or by one whose time is over. Throws NOT_FOUND, BUSY, INSTANCE_LOST.
 */
export async function takeToReset(
  cluster: Cluster,
  id: string,
  context: WorkContext,
): Promise<{ readonly unit: Unit; readonly how: Instance['how'] }> {
  const unit = await findUnit(cluster, id, context);
  const goesOn = unit.state === 'RESETTING' && unit.jobId === context.jobId;
  if (unit.state !== 'READY' && unit.state !== 'RESETTING') throw unitBusy(id, unit.state);
  refuseHeld(cluster, unit, id, context);
  requireNode(unit);
  const annotations = { [DEADLINE]: workDeadline(cluster, context.now()) };
  return {
    unit: await take(cluster, unit, id, { to: 'RESETTING', annotations }, context),
    how: goesOn ? 'taken-up' : 'created',
  };
}

/** Takes the unit of a clone that is ready and that nobody holds, to read it. Throws NOT_FOUND, BUSY, INSTANCE_LOST. */
export async function takeToRead(cluster: Cluster, id: string, context: WorkContext): Promise<Unit> {
  const unit = await findUnit(cluster, id, context);
  if (unit.state !== 'READY') throw unitBusy(id, unit.state);
  refuseHeld(cluster, unit, id, context);
  requireNode(unit);
  const annotations = { [HELD_UNTIL]: holdEnd(cluster, context.now()) };
  return take(cluster, unit, id, { to: 'READY', annotations }, context);
}

function refuseHeld(cluster: Cluster, unit: Unit, id: string, context: WorkContext): void {
  const leased = isLeased(unit, context.now() + cluster.clockOffset());
  if (leased && !isSameWork(unit.jobId, context.jobId)) throw unitBusy(id, unit.state);
}

/** Attempts of one job of an agent (`ID.EPOCH`): the earlier one is over, or the later one would not have begun. */
const isSameWork = (one: string | undefined, other: string): boolean =>
  one?.replace(/\.\d+$/, '') === other.replace(/\.\d+$/, '');

async function take(
  cluster: Cluster,
  unit: Unit,
  id: string,
  change: Pick<Transition, 'to' | 'annotations'>,
  context: WorkContext,
): Promise<Unit> {
  try {
    return unitOf(await transition(cluster, unit, { ...change, newEpoch: true, job: context.jobId }, context), id);
  } catch (error) {
    // Somebody else was faster.
    throw error instanceof WpcloneError && error.code === 'CLUSTER_CONFLICT' ? unitBusy(id, undefined) : error;
  }
}
