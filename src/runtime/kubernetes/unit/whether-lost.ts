import type { V1Pod } from '@kubernetes/client-node';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from '../api/client.ts';
import { isGone } from '../api/errors.ts';
import { pathOf } from '../api/objects.ts';
import { isNodeAway } from './node-away.ts';
import type { Unit } from './unit.ts';

/** A pod that something is asked of. */
export interface Asked {
  readonly pod: string;
  readonly uid: string;
  /** What is in it, for messages: a clone's name, or the unit's own. */
  readonly name: string;
}

/**
 * Why a call to a pod failed: when the pod is gone, or its node, that is the cause, and nobody waits for it as for an API server that is
 * away. Else `error` itself. Throws when `signal` aborts.
 */
export async function whetherLost(
  cluster: Cluster,
  asked: Asked,
  error: unknown,
  signal: AbortSignal,
): Promise<WpcloneError> {
  const call = { method: 'GET', path: pathOf(cluster, 'pods', asked.pod), what: 'get pods', signal } as const;
  const pod = await cluster.send<V1Pod>(call).catch((cause: unknown) => (isGone(cause) ? undefined : null));
  signal.throwIfAborted();
  const why = pod === null ? undefined : whyGone(pod, asked.uid);
  return why === undefined ? toWpcloneError(error) : lost(asked, why, error);
}

/** Throws INSTANCE_LOST for a unit whose node did not answer when it was looked at: nothing is asked of it, which would be waited for. */
export function requireNode({ name, uid, cloneId, nodeAway }: Unit): void {
  if (nodeAway) throw lost({ pod: name, uid, name: cloneId ?? name }, NODE_AWAY);
}

const NODE_AWAY = 'its node does not answer';

function lost({ pod, name }: Asked, why: string, cause?: unknown): WpcloneError {
  const message = `The pod ${pod} of ${name} went away: ${why}.`;
  return new WpcloneError('INSTANCE_LOST', message, { details: { name }, cause });
}

/** Undefined of a pod that runs on, or starts: one that answers already may be pending in the kubelet's last word. */
function whyGone(pod: V1Pod | undefined, uid: string): string | undefined {
  if (pod === undefined || pod.metadata?.uid !== uid) return 'it was deleted';
  const { metadata, status } = pod;
  const hasEnded = status?.phase !== 'Running' && status?.phase !== 'Pending';
  if (metadata.deletionTimestamp !== undefined || hasEnded)
    return status?.message ?? status?.reason ?? 'it is being deleted';
  return isNodeAway(pod) ? NODE_AWAY : undefined;
}
