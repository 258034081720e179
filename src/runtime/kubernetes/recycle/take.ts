import type { WorkContext } from '../../../shared/context.ts';
import { unitBusy } from '../../unit-states.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { transition } from '../unit/cas.ts';
import { unitOf } from '../unit/find.ts';
import * as names from '../unit/names.ts';
import { removeReplaced } from '../unit/remove.ts';
import { isLeased, isRecyclable, stampOf, type Unit } from '../unit/unit.ts';
import { LIMIT } from './wait.ts';

/**
 * Takes the unit of a clone whose time is over, by compare-and-swap; from then on it holds none. Throws BUSY,
 * CLUSTER_CONFLICT.
 */
export async function takeToRecycle({ cluster }: ProvisionDeps, unit: Unit, context: WorkContext): Promise<Unit> {
  const now = context.now() + cluster.clockOffset();
  const over = unit.state === 'READY' && unit.cloneId !== undefined && !unit.ended && !isLeased(unit, now);
  if (!over || !isRecyclable(unit, now) || unit.expiresAt === undefined || unit.expiresAt >= now)
    throw unitBusy(unit.name, unit.state);
  // Nothing will say any more that it is none.
  await removeReplaced(cluster, unit, context);
  const change = {
    to: 'RESETTING',
    newEpoch: true,
    job: context.jobId,
    clone: null,
    // Whoever has moved its end since has it.
    still: { [names.EXPIRES_AT]: stampOf(0, unit.expiresAt) },
    without: [
      names.CLAIM,
      names.FACTS,
      names.EXPIRES_AT,
      ...(unit.heldUntil === undefined ? [] : [names.HELD_UNTIL]),
      ...(unit.replaces === undefined ? [] : [names.REPLACES]),
    ],
    annotations: { [names.DEADLINE]: stampOf(cluster.clockOffset(), context.now() + LIMIT) },
  } as const;
  return unitOf(await transition(cluster, unit, change, context), unit.name);
}
