import { within } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Cluster } from '../api/client.ts';
import { getObject } from '../api/objects.ts';
import type { Unit } from '../unit/unit.ts';
import type { SidecarClientDeps } from './jobs.ts';
import type { SidecarAddress } from './transport.ts';

/** Milliseconds for the API server to give the token of a sidecar. */
const SECRET_LIMIT = 60_000;

/** How a unit's sidecar is reached; `direct` by the pod's own address. Its token is read when it is first needed. */
export function sidecarOf(
  cluster: Cluster,
  unit: Unit,
  direct: boolean,
  work: SidecarClientDeps['work'],
): SidecarClientDeps {
  let address: Promise<SidecarAddress> | undefined;
  const ask = () => (address ??= addressOf(cluster, unit, work));
  return { cluster, direct, work, name: unit.cloneId ?? unit.name, address: ask };
}

async function addressOf(
  cluster: Cluster,
  unit: Unit,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): Promise<SidecarAddress> {
  const late = new WpcloneError('CLUSTER_UNREACHABLE', 'The API server does not answer.', { retryable: true });
  const secret = await within(SECRET_LIMIT, work, late, (signal) =>
    getObject(cluster, 'secrets', unit.name, { ...work, signal }),
  );
  const token = Buffer.from(secret?.data?.['token'] ?? '', 'base64').toString('utf8');
  return { pod: unit.name, uid: unit.uid, podIp: unit.podIp, token, epoch: unit.epoch };
}
