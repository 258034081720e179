import type { WorkContext } from '../../../shared/context.ts';
import { unitBusy } from '../../unit-states.ts';
import type { Cluster } from '../api/client.ts';
import { getObject } from '../api/objects.ts';
import { listUnits } from './find.ts';
import { DEADLINE, MANAGED_BY, MANAGER, objectName, selectorOf } from './names.ts';
import { removeCloneObjects, removeUnit } from './remove.ts';
import { isLeased, type Unit } from './unit.ts';

/**
 * Removes a clone with the unit that it is in, and whatever else carries its name and is ours. Throws BUSY while another job works
 * on it, or is about to: it has locked the name and has no unit yet.
 */
export async function removeClone(cluster: Cluster, id: string, context: WorkContext): Promise<void> {
  const units = await listUnits(cluster, context, selectorOf(id));
  const may = (unit: Unit): boolean => {
    if (isLeased(unit, context.now() + cluster.clockOffset()) && unit.jobId !== context.jobId)
      throw unitBusy(id, unit.state);
    return true;
  };
  for (const unit of units) await removeUnit(cluster, unit, may, context);
  if (units.length > 0) return;
  const { metadata } = (await getObject(cluster, 'secrets', objectName(id), context)) ?? {};
  const owned = (metadata?.ownerReferences?.length ?? 0) > 0;
  const deadline = Date.parse(metadata?.annotations?.[DEADLINE] ?? '');
  const ours = metadata?.labels?.[MANAGED_BY] === MANAGER;
  if (ours && !owned && deadline >= context.now() + cluster.clockOffset()) throw unitBusy(id, 'CREATING');
  await removeCloneObjects(cluster, id, undefined, context);
}
