import { withTimeout } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from '../api/client.ts';
import { whetherLost } from '../unit/whether-lost.ts';
import { callSidecar, type SidecarAddress, type SidecarCall } from './transport.ts';

/** Milliseconds for a job to be told that nobody wants it any more. */
const CANCEL_LIMIT = 5000;

/** How to reach one sidecar, and what the client works with. */
export interface SidecarClientDeps {
  readonly cluster: Cluster;
  /** Talk to the pod's own address instead of through the API server. */
  readonly direct: boolean;
  readonly address: () => Promise<SidecarAddress>;
  /** What is in it, for messages: a clone's name, or the unit's own. */
  readonly name: string;
  readonly work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>;
  /** For whom it works; absent: nobody could go on with it. */
  readonly lineage?: Lineage;
}

/** One piece of work over all attempts at it: what an earlier one began can be found again. */
export interface Lineage {
  /** How the ids of its jobs begin. */
  readonly prefix: string;
  /** An earlier attempt was here, which may have begun jobs. */
  readonly goesOn: boolean;
}

/** One request to the sidecar, wherever it is now. */
export async function send(deps: SidecarClientDeps, call: SidecarCall) {
  return callSidecar(deps.cluster, await deps.address(), deps.direct, call);
}

/** What a call to the sidecar failed with: when its pod is gone, or the pod's node, that is the cause. */
export async function whetherGone(deps: SidecarClientDeps, error: unknown, signal: AbortSignal): Promise<WpcloneError> {
  signal.throwIfAborted();
  const { pod, uid } = await deps.address();
  return whetherLost(deps.cluster, { pod, uid, name: deps.name }, error, signal);
}

/** What is said of a connection that ended before what was asked for. */
export const cut = () =>
  new WpcloneError('CLUSTER_UNREACHABLE', 'The connection to the instance was cut.', { retryable: true });

/** Says that nobody wants it any more. */
export async function cancelJob(deps: SidecarClientDeps, id: string): Promise<void> {
  const cancel = async (signal: AbortSignal): Promise<void> => {
    const answer = await send(deps, { method: 'POST', path: `/v1/jobs/${id}/cancel`, body: {}, signal });
    await answer.body.dump();
  };
  // Failing that, the job ends by itself when nobody watches it.
  await withTimeout(CANCEL_LIMIT, deps.work, cut(), cancel).catch(() => undefined);
}
