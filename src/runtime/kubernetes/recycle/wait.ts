import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { getObject } from '../api/objects.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { sidecarOf } from '../sidecar/address.ts';
import type { SidecarClientDeps } from '../sidecar/calls.ts';
import { runsOf, type Unit } from '../unit/unit.ts';

/** Milliseconds for all of it: the kubelet may wait for ten seconds before each of its two rounds of new containers (../unit/back-off.ts). */
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

/** Containers that were ended, as they were then, and that moment by their node's clock. */
interface Ended {
  readonly before: V1Pod;
  readonly after: number;
  readonly containers: readonly string[];
}

/**
 * Waits until these containers are others, which were started after that moment, by what the kubelet says, in which nobody inside the pod
 * has a say. It tells whole seconds, and clocks are set back: neither is believed without the other. Returns the pod as it is then. Throws
 * SERVER_FAILED, also when a container was made from another image than before.
 */
export async function untilNew(
  deps: ProvisionDeps,
  unit: Unit,
  { before, after, containers }: Ended,
  until: number,
  context: WorkContext,
): Promise<V1Pod> {
  for (;;) {
    const pod = await podOf(deps, unit, context);
    const isNew = (name: string): boolean => {
      const [old, now] = [statusOf(before, name), statusOf(pod, name)];
      const startedAt = now?.state?.running?.startedAt;
      if (startedAt === undefined || now?.containerID === undefined || now.containerID === old?.containerID)
        return false;
      return new Date(startedAt).getTime() > after;
    };
    if (containers.every(isNew)) {
      const other = containers.find((name) => statusOf(before, name)?.imageID !== statusOf(pod, name)?.imageID);
      if (other === undefined) return pod;
      throw unproven(`its ${other} was started from another image`);
    }
    await pauseUntil(until, 'its containers were not started anew', context);
  }
}

const statusOf = ({ status }: V1Pod, container: string) =>
  status?.containerStatuses?.find(({ name }) => name === container);

/** Where its sidecar was started again while the clone lived, the clone's code may have taken its port, and would answer for it. Throws SERVER_FAILED. */
export function requireSameSidecar({ provenRuns }: Unit, pod: V1Pod): void {
  const runOf = (runs: string | undefined) => runs?.split(' ').find((run) => run.startsWith('sidecar:'));
  const proven = runOf(provenRuns);
  if (proven === undefined || runOf(runsOf(pod)) !== proven) throw unproven('its sidecar was started again');
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
