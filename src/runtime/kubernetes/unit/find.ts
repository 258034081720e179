import type { V1Pod } from '@kubernetes/client-node';
import { noSuchClone } from '../../../shared/clone-errors.ts';
import type { WorkContext } from '../../../shared/context.ts';
import type { CloneFacts } from '../../facts.ts';
import { listObjects, requireNamespace } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { INSTANCE_SELECTOR, selectorOf } from './names.ts';
import { cloneFactsOf, parseUnit, type Unit } from './unit.ts';

/** The unit that a pod of ours describes. Throws NOT_FOUND when somebody has changed its marks. */
export function unitOf(pod: V1Pod, id: string): Unit {
  const { unit } = parseUnit(pod);
  if (unit === undefined) throw noSuchClone(id);
  return unit;
}

/** What is known of the clone in a unit. Throws NOT_FOUND when it holds none. */
export function factsOf(cluster: Cluster, unit: Unit, id: string, context: WorkContext): CloneFacts {
  const facts = cloneFactsOf(unit, context.now(), cluster.clockOffset());
  if (facts === undefined) throw noSuchClone(id);
  return facts;
}

/** Our units that nobody has deleted or replaced; by `selector` those of one clone. Throws NAMESPACE_MISSING. */
export async function listUnits(cluster: Cluster, context: WorkContext, selector = INSTANCE_SELECTOR): Promise<Unit[]> {
  const pods = await listObjects(cluster, 'pods', { labelSelector: selector }, context);
  if (pods.items.length === 0) await requireNamespace(cluster, context);
  const units: Unit[] = [];
  for (const pod of pods.items) {
    const result = parseUnit(pod);
    if (result.unit?.deleting === false) units.push(result.unit);
    else if (result.unit === undefined)
      context.log.warn('ignored a pod that has our labels but is not ours', {
        pod: pod.metadata?.name,
        why: result.reason,
      });
  }
  const replaced = replacedBy(units);
  return units.filter(({ uid }) => !replaced.has(uid));
}

/** The uids of pods whose clones' names these have taken over. */
export const replacedBy = (units: readonly Unit[]): ReadonlySet<string> =>
  new Set(units.flatMap(({ replaces }) => replaces ?? []));

/** The unit of a clone. Throws NOT_FOUND, NAMESPACE_MISSING. */
export async function findUnit(cluster: Cluster, id: string, context: WorkContext): Promise<Unit> {
  const units = await listUnits(cluster, context, selectorOf(id));
  const unit = units.find((each) => !each.ended) ?? units[0];
  if (unit === undefined) throw noSuchClone(id);
  return unit;
}
