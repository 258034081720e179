import type { WorkContext } from '../../shared/context.ts';
import { nameTaken } from '../../shared/clone-errors.ts';
import { createObject, deleteObject, getObject } from './api.ts';
import type { Cluster } from './client.ts';
import { statusOf } from './errors.ts';
import { type InstancePlan, secretManifest } from './manifests.ts';
import { CLAIM, DEADLINE, MANAGED_BY, MANAGER, objectName } from './names.ts';

/** The Secret comes first, since the pod mounts it: whoever creates it has the name. Throws NAME_TAKEN. */
export async function takeName(cluster: Cluster, plan: InstancePlan, context: WorkContext): Promise<void> {
  const mark = { annotation: CLAIM, value: plan.claim };
  const secret = secretManifest(plan);
  try {
    await createObject(cluster, 'secrets', secret, mark, context);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    if (!(await removeLeftover(cluster, plan.cloneId, context))) throw nameTaken(plan.cloneId, error);
    await createObject(cluster, 'secrets', secret, mark, context).catch((again: unknown) => {
      throw statusOf(again) === 409 ? nameTaken(plan.cloneId, again) : again;
    });
  }
}

/**
 * A Secret of ours without its pod, whose maker's time is over, is what a crash left; its passwords belong to no database any more.
 * Returns whether the name is free now.
 */
async function removeLeftover(cluster: Cluster, id: string, context: WorkContext): Promise<boolean> {
  const name = objectName(id);
  const [secret, pod] = await Promise.all([
    getObject(cluster, 'secrets', name, context),
    getObject(cluster, 'pods', name, context),
  ]);
  if (pod !== undefined && pod.metadata?.deletionTimestamp === undefined) return false;
  if (secret === undefined) return true;
  if (secret.metadata?.labels?.[MANAGED_BY] !== MANAGER) return false;
  const owned = (secret.metadata?.ownerReferences?.length ?? 0) > 0;
  const deadline = Date.parse(secret.metadata?.annotations?.[DEADLINE] ?? '');
  if (!owned && !(deadline < context.now() + cluster.clockOffset())) return false;
  await deleteObject(cluster, 'secrets', { name, ...uidOf(secret.metadata?.uid) }, context);
  const message = `Replaced the Secret ${name} that an unfinished clone had left.`;
  context.emit({ type: 'warning', code: 'SECRET_REPAIRED', message });
  return true;
}

const uidOf = (uid: string | undefined) => (uid === undefined ? {} : { uid });
