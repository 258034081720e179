import type { V1ObjectMeta, V1Secret } from '@kubernetes/client-node';
import { nameTaken } from '../../../shared/clone-errors.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { createObject, deleteObject, getObject, listObjects } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import {
  CLAIM,
  CLONE_LABEL,
  DEADLINE,
  managedLabels,
  MANAGED_BY,
  MANAGER,
  objectName,
  selectorOf,
} from '../unit/names.ts';
import type { Claim } from './deps.ts';

/**
 * Locks a clone's name by making the Secret that will hold its administrator's password; until a unit owns it, it has a deadline.
 * A claim that has the lock already keeps it. Throws NAME_TAKEN.
 */
export async function takeName(
  cluster: Cluster,
  claim: Pick<Claim, 'id' | 'cloneId'>,
  deadline: string,
  context: WorkContext,
): Promise<void> {
  const mark = { annotation: CLAIM, value: claim.id };
  const lock = lockManifest(claim, deadline);
  try {
    await createObject(cluster, 'secrets', lock, mark, context);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const holder = await removeLeftover(cluster, claim.cloneId, context);
    if (holder !== undefined) throw holder;
    await createObject(cluster, 'secrets', lock, mark, context).catch((again: unknown) => {
      throw statusOf(again) === 409 ? nameTaken(claim.cloneId, again) : again;
    });
  }
}

/** The lock of a clone's name. A wpclone of before 0.2 takes it for the Secret of a clone, and leaves the name alone. */
export const lockManifest = ({ id, cloneId }: Pick<Claim, 'id' | 'cloneId'>, deadline: string): V1Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: objectName(cloneId),
    labels: { ...managedLabels('instance'), [CLONE_LABEL]: cloneId },
    annotations: { [CLAIM]: id, [DEADLINE]: deadline },
  },
  type: 'Opaque',
});

/** NAME_TAKEN, naming what is in the way: another clone, or what somebody else called so. */
export const takenBy = (kind: string, metadata: V1ObjectMeta | undefined, id: string): WpcloneError => {
  if (metadata?.labels?.[MANAGED_BY] === MANAGER) return nameTaken(id);
  const message = `The namespace has a ${kind} ${objectName(id)} that is not wpclone's, so no clone can be called ${id}.`;
  return new WpcloneError('NAME_TAKEN', message, { details: { name: id } });
};

/**
 * A lock of ours whose unit is not there, and whose maker's time is over, is what a crash left. Returns NAME_TAKEN, or undefined
 * when the name is free now.
 */
async function removeLeftover(cluster: Cluster, id: string, context: WorkContext): Promise<WpcloneError | undefined> {
  const name = objectName(id);
  // One after the other: a unit is there before it owns the lock, so an owner that is not seen afterwards is gone for good.
  const lock = await getObject(cluster, 'secrets', name, context);
  const pods = await listObjects(cluster, 'pods', { labelSelector: selectorOf(id) }, context);
  if (pods.items.some(({ metadata }) => metadata?.deletionTimestamp === undefined)) return nameTaken(id);
  if (lock === undefined) return undefined;
  const { metadata } = lock;
  if (metadata?.labels?.[MANAGED_BY] !== MANAGER) return takenBy('Secret', metadata, id);
  const owned = (metadata.ownerReferences?.length ?? 0) > 0;
  const deadline = Date.parse(metadata.annotations?.[DEADLINE] ?? '');
  if (!owned && !(deadline < context.now() + cluster.clockOffset())) return nameTaken(id);
  const uid = metadata.uid === undefined ? {} : { uid: metadata.uid };
  await deleteObject(cluster, 'secrets', { name, ...uid }, context);
  const message = `Replaced the Secret ${name} that an unfinished clone had left.`;
  context.emit({ type: 'warning', code: 'SECRET_REPAIRED', message });
  return undefined;
}
