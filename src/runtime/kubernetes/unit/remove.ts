import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { deleteObject, getObject, type Kind } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { CLAIM, MANAGED_BY, MANAGER } from './names.ts';

/** Seconds: what is thrown away has nothing to save. */
const REMOVAL_GRACE = 1;
const BELONGINGS = ['ingresses', 'services', 'secrets'] as const;
/** Milliseconds between two looks at a pod that is being deleted. */
const LOOK_AGAIN = 200;
/** Milliseconds until such a pod is left to the cluster: its node removes all files of the clone first. */
export const GONE_LIMIT = 60_000;

type Context = Pick<WorkContext, 'signal' | 'sleep' | 'now'>;

/**
 * Removes everything of this name that is ours, and of this claim when one is given: never what somebody else made since.
 * Returns when the cluster has taken note; its node takes the pod down within seconds.
 */
export async function removeObjects(
  cluster: Cluster,
  name: string,
  claim: string | undefined,
  context: Context,
): Promise<void> {
  const pod = await ownObject(cluster, 'pods', name, claim, context);
  if (pod !== undefined) await deleteObject(cluster, 'pods', { name, uid: pod }, context, REMOVAL_GRACE);
  await Promise.all(BELONGINGS.map((kind) => removeBelonging(cluster, kind, name, claim, context)));
}

async function removeBelonging(
  cluster: Cluster,
  kind: (typeof BELONGINGS)[number],
  name: string,
  claim: string | undefined,
  context: Context,
): Promise<void> {
  try {
    const uid = await ownObject(cluster, kind, name, claim, context);
    if (uid !== undefined) await deleteObject(cluster, kind, { name, uid }, context);
  } catch (error) {
    // Without a domain nobody needs rights on Ingresses; whatever hangs on the pod goes with it anyway.
    if (kind !== 'ingresses' || statusOf(error) !== 403) throw error;
  }
}

/** The uid of the object, if it is ours and of this claim. */
async function ownObject(
  cluster: Cluster,
  kind: Kind,
  name: string,
  claim: string | undefined,
  context: Context,
): Promise<string | undefined> {
  const object = await getObject(cluster, kind, name, context);
  const { labels, annotations, uid } = object?.metadata ?? {};
  if (labels?.[MANAGED_BY] !== MANAGER) return undefined;
  return claim === undefined || annotations?.[CLAIM] === claim ? uid : undefined;
}

/** Waits for a pod that has been deleted to be gone, so that its name is free. Throws CLUSTER_FAILED when its node does not take it down. */
export async function waitUntilGone(cluster: Cluster, name: string, uid: string, context: Context): Promise<void> {
  const started = context.now();
  for (;;) {
    const pod = await getObject(cluster, 'pods', name, context);
    if (pod?.metadata?.uid !== uid) return;
    if (context.now() - started > GONE_LIMIT) {
      throw new WpcloneError('CLUSTER_FAILED', `The pod ${name} is being deleted, but its node does not confirm it.`);
    }
    await context.sleep(LOOK_AGAIN, context.signal);
  }
}
