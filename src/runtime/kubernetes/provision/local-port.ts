import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { type Identity, listObjects } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { INSTANCE_SELECTOR } from '../unit/names.ts';
import { isForwarded } from '../unit/port-forward.ts';
import type { KubernetesOptions } from '../options.ts';
import { parseUnit } from '../unit/unit.ts';

/** The address that `wpclone open` will make true: it is part of the clone's content, so it is settled now. */
export async function localOrigin(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<string> {
  const taken = portsOf(await listInstances(cluster, context));
  const { first, last } = options.ports;
  const span = last - first + 1;
  const start = context.randomBytes(4).readUInt32BE() % span;
  for (let step = 0; step < span; step += 1) {
    const port = String(first + ((start + step) % span));
    if (!taken.has(port)) return `http://127.0.0.1:${port}`;
  }
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${first} to ${last} belong to clones.`);
}

/**
 * Two that look for a port at the same moment may find the same one free. Whoever sees another with its port once its own pod
 * is there, gives way; it may be that both do.
 */
export async function requireOwnPort(
  cluster: Cluster,
  origin: string,
  own: Identity,
  context: WorkContext,
): Promise<void> {
  const url = new URL(origin);
  if (!isForwarded(url)) return;
  const { port } = url;
  const others = (await listInstances(cluster, context)).filter(
    ({ metadata }) => metadata?.uid !== own.uid && metadata?.deletionTimestamp === undefined,
  );
  if (!portsOf(others).has(port)) return;
  const message = `Another clone was given port ${port} at the same moment.`;
  throw new WpcloneError('CLUSTER_CONFLICT', message, { details: { port } });
}

export const isPortTaken = (error: unknown): boolean =>
  error instanceof WpcloneError && error.code === 'CLUSTER_CONFLICT' && error.details['port'] !== undefined;

const listInstances = async (cluster: Cluster, context: WorkContext): Promise<readonly V1Pod[]> =>
  (await listObjects(cluster, 'pods', { labelSelector: INSTANCE_SELECTOR }, context)).items;

const portsOf = (pods: readonly V1Pod[]): ReadonlySet<string> =>
  new Set(pods.map((pod) => new URL(parseUnit(pod).unit?.facts?.url ?? 'http://none').port));
