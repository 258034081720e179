import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { WEB_PORT } from '../../../sidecar/protocol.ts';
import type { Cluster } from '../api/client.ts';
import { getObject, pathOf } from '../api/objects.ts';
import { watchObjects } from '../api/watch.ts';
import { CLAIM } from './names.ts';
import type { Unit } from './unit.ts';

/**
 * Why the API server does not forward to a pod: a web socket that is refused does not say. INSTANCE_LOST when the pod is gone,
 * CLUSTER_FORBIDDEN with the right that is missing, CLUSTER_UNREACHABLE during an outage, else CLUSTER_FAILED. Never throws.
 */
export async function whyRefused(
  cluster: Cluster,
  unit: Unit,
  error: unknown,
  context: WorkContext,
): Promise<WpcloneError> {
  try {
    const pod = await getObject(cluster, 'pods', unit.name, context);
    if (isOver(pod, unit)) return lost(unit, pod);
    // Without asking for a web socket: what is allowed is refused as a bad request, what is not is refused for its reason.
    const path = `${pathOf(cluster, 'pods', unit.name)}/portforward?ports=${WEB_PORT}`;
    await cluster.send({ method: 'GET', path, what: 'forward a port', signal: context.signal });
  } catch (refusal) {
    const { code } = toWpcloneError(refusal);
    if (code !== 'CLUSTER_FAILED') return toWpcloneError(refusal);
  }
  if (error instanceof WpcloneError) return error;
  const message = `The cluster does not forward to the clone: ${wordsOf(error)}`;
  return new WpcloneError('CLUSTER_FAILED', message, { cause: error });
}

/** Settles, with INSTANCE_LOST, when the pod of a clone is gone. Throws when it may not be watched. */
export async function untilGone(cluster: Cluster, unit: Unit, context: WorkContext): Promise<WpcloneError> {
  const selection = { fieldSelector: `metadata.name=${unit.name}` };
  const seen: V1Pod = { metadata: { name: unit.name, uid: unit.uid } };
  for await (const { type, object } of watchObjects(cluster, 'pods', selection, context, [seen])) {
    if (type === 'DELETED' || isOver(object, unit)) return lost(unit, object);
  }
  throw new WpcloneError('CANCELLED', 'Cancelled.');
}

const isOver = (pod: V1Pod | undefined, unit: Unit): boolean =>
  pod?.metadata?.uid !== unit.uid ||
  pod.metadata.deletionTimestamp !== undefined ||
  holdsAnother(pod, unit) ||
  pod.status?.phase === 'Failed' ||
  pod.status?.phase === 'Succeeded';

/** A pod that is used again stays. */
const holdsAnother = (pod: V1Pod, { claim }: Unit): boolean => pod.metadata?.annotations?.[CLAIM] !== claim;

function lost(unit: Unit, pod: V1Pod | undefined): WpcloneError {
  const name = unit.cloneId ?? unit.name;
  const ended = pod?.metadata?.uid === unit.uid && holdsAnother(pod, unit);
  const why = ended ? 'its time is over' : (pod?.status?.message ?? 'its pod was deleted');
  return new WpcloneError('INSTANCE_LOST', `${name} is gone: ${why}.`, { details: { name } });
}

/** The library throws an event of its web socket, which is no Error. */
function wordsOf(error: unknown): string {
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(message);
}
