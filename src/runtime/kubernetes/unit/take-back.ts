import type { WorkContext } from '../../../shared/context.ts';
import type { IsJobOver } from '../../types.ts';
import type { UnitState } from '../../unit-states.ts';
import type { Cluster } from '../api/client.ts';
import { deleteObject, listObjects } from '../api/objects.ts';
import { listUnits } from './find.ts';
import { CLAIM, CLONE_LABEL, INSTANCE_SELECTOR } from './names.ts';
import { removeUnit } from './remove.ts';
import type { Unit } from './unit.ts';

/** States in which a unit is worth nothing without the job that works on it. */
const BEGUN: ReadonlySet<UnitState> = new Set(['CREATING', 'VALIDATING', 'ASSIGNED']);
/** One that holds a clone can be reset again; of what is left in one between two clones nobody knows. */
const isBegun = ({ state, cloneId }: Unit): boolean =>
  BEGUN.has(state) || (state === 'RESETTING' && cloneId === undefined);

/** Removes what jobs began that nobody goes on with: their units, and names that they locked. Returns whose it was. */
export async function takeBackUnits(
  cluster: Cluster,
  isOver: IsJobOver,
  context: WorkContext,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const unit of await listUnits(cluster, context)) {
    const { jobId } = unit;
    if (jobId === undefined || !isBegun(unit) || !(await isOver(jobId))) continue;
    const may = (now: Unit): boolean => now.jobId === jobId && isBegun(now);
    if (await removeUnit(cluster, unit, may, context)) removed.push(unit.cloneId ?? unit.name);
  }
  const locks = await listObjects(
    cluster,
    'secrets',
    { labelSelector: `${INSTANCE_SELECTOR},${CLONE_LABEL}` },
    context,
  );
  for (const { metadata } of locks.items) {
    const { name, uid, labels, annotations, ownerReferences = [] } = metadata ?? {};
    const [jobId = '', cloneId] = (annotations?.[CLAIM] ?? '').split('/');
    if (name === undefined || uid === undefined || ownerReferences.length > 0 || cloneId === undefined) continue;
    if (removed.includes(cloneId) || labels?.[CLONE_LABEL] !== cloneId || !(await isOver(jobId))) continue;
    await deleteObject(cluster, 'secrets', { name, uid }, context);
    removed.push(cloneId);
  }
  return removed;
}
