import type { WorkContext } from '../../../shared/context.ts';
import { deleteExactly, deleteObject, getObject, type Kind, listObjects } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { CLAIM, MANAGED_BY, MANAGER, objectName, selectorOf } from './names.ts';
import { parseUnit, type Unit } from './unit.ts';

/** Seconds: what is thrown away has nothing to save. */
const REMOVAL_GRACE = 1;

type Context = Pick<WorkContext, 'signal' | 'sleep' | 'now'>;

/**
 * Removes a unit with all that hangs on it, if `may` says so of it as it is at that very moment: what somebody changes meanwhile
 * is looked at again. Tells whether it is gone. Returns when the cluster has taken note; its node takes the pod down within seconds.
 */
export async function removeUnit(
  cluster: Cluster,
  seen: Unit,
  may: (unit: Unit) => boolean,
  context: Context,
): Promise<boolean> {
  let unit = seen;
  for (;;) {
    if (!may(unit)) return false;
    await removeReplaced(cluster, unit, context);
    if (await deleteExactly(cluster, 'pods', unit, context, REMOVAL_GRACE)) break;
    const now = await readUnit(cluster, unit.name, context);
    if (now?.uid !== seen.uid || now.deleting) break;
    unit = now;
  }
  const { cloneId, claim } = unit;
  await Promise.all([
    removeOwn(cluster, 'secrets', unit.name, undefined, context),
    cloneId === undefined ? undefined : removeCloneObjects(cluster, cloneId, claim, context),
  ]);
  return true;
}

/** The unit that this one took the name over from, where it is still there: without this one it would be taken for the clone again. */
export async function removeReplaced(cluster: Cluster, { replaces, cloneId }: Unit, context: Context): Promise<void> {
  if (replaces === undefined || cloneId === undefined) return;
  const pods = await listObjects(cluster, 'pods', { labelSelector: selectorOf(cloneId) }, context);
  for (const pod of pods.items) {
    const { unit } = parseUnit(pod);
    if (unit?.uid === replaces && !unit.deleting) await removeUnit(cluster, unit, () => true, context);
  }
}

/** The unit of that name as it is now. */
export async function readUnit(cluster: Cluster, name: string, context: Context): Promise<Unit | undefined> {
  const pod = await getObject(cluster, 'pods', name, context);
  return pod && parseUnit(pod).unit;
}

/** Removes what carries a clone's name and is ours, and of this claim when one is given: never what somebody else made since. */
export async function removeCloneObjects(
  cluster: Cluster,
  cloneId: string,
  claim: string | undefined,
  context: Context,
): Promise<void> {
  const kinds = ['ingresses', 'services', 'secrets'] as const;
  await Promise.all(kinds.map((kind) => removeOwn(cluster, kind, objectName(cloneId), claim, context)));
}

/** Removes an object of ours. */
export async function removeOwn(
  cluster: Cluster,
  kind: Kind,
  name: string,
  claim: string | undefined,
  context: Context,
): Promise<void> {
  try {
    const object = await getObject(cluster, kind, name, context);
    const { labels, annotations, uid } = object?.metadata ?? {};
    if (uid === undefined || labels?.[MANAGED_BY] !== MANAGER) return;
    if (claim === undefined || annotations?.[CLAIM] === claim)
      await deleteObject(cluster, kind, { name, uid }, context);
  } catch (error) {
    // Without a domain nobody needs rights on Ingresses; whatever hangs on the pod goes with it anyway.
    if (kind !== 'ingresses' || statusOf(error) !== 403) throw error;
  }
}
