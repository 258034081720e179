import { withTimeout } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from '../api/client.ts';
import { getObject } from '../api/objects.ts';
import type { Unit } from '../unit/unit.ts';
import { requireNode } from '../unit/whether-lost.ts';
import type { SidecarClientDeps } from './calls.ts';

/** Milliseconds for the API server to give the token of a sidecar. */
const SECRET_LIMIT = 60_000;

/** How the sidecar of a unit is reached, unless its node was away when it was looked at; `direct` by the pod's own address. Its token, when it is not known yet, is read when it is first needed. */
export function sidecarOf(
  cluster: Cluster,
  unit: Unit,
  direct: boolean,
  work: SidecarClientDeps['work'],
  known?: string,
): SidecarClientDeps {
  let token: Promise<string> | undefined = known === undefined ? undefined : Promise.resolve(known);
  return {
    cluster,
    direct,
    work,
    name: unit.cloneId ?? unit.name,
    address: async () => {
      requireNode(unit);
      token ??= readInTime(cluster, unit, work);
      return { pod: unit.name, uid: unit.uid, podIp: unit.podIp, token: await token, epoch: unit.epoch };
    },
  };
}

function readInTime(cluster: Cluster, unit: Unit, work: Pick<WorkContext, 'now' | 'sleep'>): Promise<string> {
  const late = new WpcloneError('CLUSTER_UNREACHABLE', 'The API server does not answer.', { retryable: true });
  return withTimeout(SECRET_LIMIT, work, late, (signal) => tokenOf(cluster, unit, { ...work, signal }));
}

/** What the sidecar of a unit wants to see: it is in the Secret that its pod mounts. */
export async function tokenOf(
  cluster: Cluster,
  unit: Unit,
  work: Pick<WorkContext, 'now' | 'sleep' | 'signal'>,
): Promise<string> {
  const secret = await getObject(cluster, 'secrets', unit.name, work);
  return Buffer.from(secret?.data?.['token'] ?? '', 'base64').toString('utf8');
}
