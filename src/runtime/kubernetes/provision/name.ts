import type { V1ObjectMeta } from '@kubernetes/client-node';
import { nameTaken } from '../../../shared/clone-errors.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { createObject, deleteObject, getObject } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { type InstancePlan, secretManifest } from './manifests.ts';
import { CLAIM, DEADLINE, MANAGED_BY, MANAGER, objectName } from '../unit/names.ts';

/** The Secret comes first, since the pod mounts it: whoever creates it has the name. Throws NAME_TAKEN. */
export async function takeName(cluster: Cluster, plan: InstancePlan, context: WorkContext): Promise<void> {
  const mark = { annotation: CLAIM, value: plan.claim };
  const secret = secretManifest(plan);
  try {
    await createObject(cluster, 'secrets', secret, mark, context);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const holder = await removeLeftover(cluster, plan.cloneId, context);
    if (holder !== undefined) throw holder;
    await createObject(cluster, 'secrets', secret, mark, context).catch((again: unknown) => {
      throw statusOf(again) === 409 ? nameTaken(plan.cloneId, again) : again;
    });
  }
}

/** NAME_TAKEN, naming what is in the way: another clone, or what somebody else called so. */
export const takenBy = (kind: 'pod' | 'Secret', metadata: V1ObjectMeta | undefined, id: string): WpcloneError => {
  if (metadata?.labels?.[MANAGED_BY] === MANAGER) return nameTaken(id);
  const message = `The namespace has a ${kind} ${objectName(id)} that is not wpclone's, so no clone can be called ${id}.`;
  return new WpcloneError('NAME_TAKEN', message, { details: { name: id } });
};

/**
 * A Secret of ours without its pod, whose maker's time is over, is what a crash left; its passwords belong to no database any more.
 * Returns NAME_TAKEN, or undefined when the name is free now.
 */
async function removeLeftover(cluster: Cluster, id: string, context: WorkContext): Promise<WpcloneError | undefined> {
  const name = objectName(id);
  // One after the other: a pod is there before it owns its Secret, so an owner that is not seen afterwards is gone for good.
  const secret = await getObject(cluster, 'secrets', name, context);
  const pod = await getObject(cluster, 'pods', name, context);
  if (pod !== undefined && pod.metadata?.deletionTimestamp === undefined) return takenBy('pod', pod.metadata, id);
  if (secret === undefined) return undefined;
  const taken = takenBy('Secret', secret.metadata, id);
  if (secret.metadata?.labels?.[MANAGED_BY] !== MANAGER) return taken;
  const owned = (secret.metadata?.ownerReferences?.length ?? 0) > 0;
  const deadline = Date.parse(secret.metadata?.annotations?.[DEADLINE] ?? '');
  if (!owned && !(deadline < context.now() + cluster.clockOffset())) return taken;
  await deleteObject(cluster, 'secrets', { name, ...uidOf(secret.metadata?.uid) }, context);
  const message = `Replaced the Secret ${name} that an unfinished clone had left.`;
  context.emit({ type: 'warning', code: 'SECRET_REPAIRED', message });
  return undefined;
}

const uidOf = (uid: string | undefined) => (uid === undefined ? {} : { uid });
