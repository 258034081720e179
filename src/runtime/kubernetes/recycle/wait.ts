import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { getObject } from '../api/objects.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { sidecarOf } from '../sidecar/address.ts';
import type { SidecarClientDeps } from '../sidecar/calls.ts';
import type { Unit } from '../unit/unit.ts';

/** Milliseconds for all of it: the kubelet waits up to 40 seconds with a container that was started again a moment ago. */
export const LIMIT = 150_000;
const LOOK_AGAIN = 100;

/** Asks with each of the tokens until one is the sidecar's. */
export async function withEither<T>(
  { cluster, insideCluster }: ProvisionDeps,
  unit: Unit,
  tokens: readonly string[],
  context: WorkContext,
  until: number,
  ask: (sidecar: SidecarClientDeps) => Promise<T>,
): Promise<T> {
  for (let turn = 0; ; turn += 1) {
    try {
      return await ask(sidecarOf(cluster, unit, insideCluster, context, tokens[turn % tokens.length]));
    } catch (error) {
      context.signal.throwIfAborted();
      if (toWpcloneError(error).code !== 'CLUSTER_AUTH') throw error;
      await pauseUntil(until, 'its new token has not arrived', context);
    }
  }
}

/**
 * Waits until these containers were started after that moment of their node's clock, by what the kubelet says, in which nobody inside the
 * pod has a say. It tells whole seconds.
 */
export async function untilStartedAfter(
  deps: ProvisionDeps,
  unit: Unit,
  moment: number,
  containers: readonly string[],
  until: number,
  context: WorkContext,
): Promise<void> {
  for (;;) {
    const { status } = await podOf(deps, unit, context);
    const isNew = (name: string): boolean => {
      const startedAt = status?.containerStatuses?.find((each) => each.name === name)?.state?.running?.startedAt;
      return startedAt !== undefined && new Date(startedAt).getTime() > moment;
    };
    if (containers.every(isNew)) return;
    await pauseUntil(until, 'its containers were not started anew', context);
  }
}

/** A moment's pause, until `until`. Throws SERVER_FAILED. */
export async function pauseUntil(until: number, why: string, context: WorkContext): Promise<void> {
  if (context.now() > until) throw unproven(`${why} in time`);
  await context.sleep(LOOK_AGAIN, context.signal);
}

/** The pod as it is now. Throws INSTANCE_LOST. */
export async function podOf({ cluster }: ProvisionDeps, { name, uid }: Unit, context: WorkContext): Promise<V1Pod> {
  const pod = await getObject(cluster, 'pods', name, context);
  if (pod?.metadata?.uid === uid) return pod;
  throw new WpcloneError('INSTANCE_LOST', `The pod ${name} is gone.`);
}

/** What is thrown where it cannot be told what is left. */
export const unproven = (why: string): WpcloneError =>
  new WpcloneError('SERVER_FAILED', `It is not used again: ${why}.`);
