import type { WorkContext } from '../../shared/context.ts';
import { withTimeout } from '../../shared/abortable.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { Cluster, ClusterCall } from './api/client.ts';
import { isGone, statusOf } from './api/errors.ts';
import { withRetry } from './api/retry.ts';
import { managedLabels } from './unit/names.ts';

/** The Lease of those who clear up and refill in a namespace. */
export const LEASE = 'wpclone-agent';
/** Seconds after its last renewal for which a holder is taken to be alive. */
const DURATION = 60;
/** Milliseconds after which it is renewed; the less, the longer a holder may be busy before another takes it for dead. */
const RENEWAL = 10_000;
/** Milliseconds for giving it up. */
const FAREWELL = 3000;

interface Lease {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly acquireTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** The right to clear up and refill for all, which one process has at a time. */
export interface Tending {
  /** Takes or renews it when it can be had. False while another has it, and for whoever may not use Leases. */
  may(context: WorkContext): Promise<boolean>;
  /** Lets another have it at once. */
  giveUp(): Promise<void>;
}

/**
 * By a Lease object (coordination.k8s.io), as controllers do it: nobody compares clocks of two machines. Whoever sees the same renewal for
 * longer than it is good for takes the holder for dead. It saves work and keeps things in order; that nothing is removed twice, or while it
 * is used, does not rest on it.
 */
export function createTending(
  cluster: Cluster,
  deps: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  host: string,
): Tending {
  const holder = `${host}_${deps.randomBytes(9).toString('base64url')}`;
  let heldSince: number | undefined;
  /** Which version of another's Lease was seen, and when first. */
  let other: { readonly seen: string; readonly at: number } | undefined;
  let said = '';
  let asking: Promise<boolean> | undefined;

  const tell = (context: WorkContext, now: string, message: string, fields: Record<string, unknown> = {}): void => {
    if (said === now) return;
    said = now;
    if (now === 'forbidden') context.log.warn(message, fields);
    else context.log.info(message, fields);
  };
  const isFree = ({ metadata, spec }: Lease, now: number): boolean => {
    const { holderIdentity = '' } = spec ?? {};
    if (holderIdentity === '' || holderIdentity === holder) return true;
    const { resourceVersion = '' } = metadata;
    // Also when our clock was set back since: else a dead holder would be waited for as long.
    if (other?.seen !== resourceVersion || now < other.at) other = { seen: resourceVersion, at: now };
    return now - other.at > DURATION * 1000;
  };

  async function take(context: WorkContext): Promise<boolean> {
    const now = deps.now();
    const lease = await read(cluster, context);
    if (lease !== undefined && !isFree(lease, now)) {
      tell(context, `other ${lease.spec?.holderIdentity}`, 'another agent clears up in this namespace', {
        holder: lease.spec?.holderIdentity,
      });
      return false;
    }
    const taken = await write(cluster, lease, holder, now + cluster.clockOffset(), context);
    if (taken) tell(context, 'own', 'this agent clears up in the namespace');
    return taken;
  }

  async function ask(context: WorkContext): Promise<boolean> {
    const now = deps.now();
    // When our clock was set back since it is renewed at once: others go by their own clocks, and take it after a minute.
    if (heldSince !== undefined && heldSince <= now && now - heldSince < RENEWAL) return true;
    try {
      const taken = await take(context);
      heldSince = taken ? now : undefined;
      return taken;
    } catch (error) {
      if (statusOf(error) !== 403) throw error;
      heldSince = undefined;
      const message =
        'this agent removes nothing: it may not use Leases. Run wpclone cluster init; see wpclone cluster check';
      tell(context, 'forbidden', message);
      return false;
    }
  }

  return {
    may(context) {
      asking ??= ask(context).finally(() => (asking = undefined));
      return asking;
    },
    async giveUp() {
      if (heldSince === undefined) return;
      heldSince = undefined;
      const late = new WpcloneError('CANCELLED', 'Giving it up took too long.');
      const leave = async (signal: AbortSignal): Promise<void> => {
        const work = { ...deps, signal };
        const lease = await read(cluster, work);
        if (lease?.spec?.holderIdentity === holder)
          await write(cluster, lease, '', deps.now() + cluster.clockOffset(), work);
      };
      // Failing that, the others wait until its time is over.
      await withTimeout(FAREWELL, deps, late, leave).catch(() => undefined);
    },
  };
}

type Waiting = Pick<WorkContext, 'now' | 'sleep' | 'signal'>;

const collectionOf = ({ namespace }: Cluster): string =>
  `apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;

async function read(cluster: Cluster, context: Waiting): Promise<Lease | undefined> {
  const path = `${collectionOf(cluster)}/${LEASE}`;
  const call: ClusterCall = { method: 'GET', path, what: 'get leases', signal: context.signal };
  return withRetry(cluster, context, () => cluster.send<Lease>(call)).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
}

/** Compare-and-swap on the version that was read: false when somebody else was faster. `now` by the API server's clock. */
async function write(
  cluster: Cluster,
  before: Lease | undefined,
  holder: string,
  now: number,
  { signal }: Waiting,
): Promise<boolean> {
  const { holderIdentity, acquireTime, leaseTransitions = 0 } = before?.spec ?? {};
  // MicroTime (Kubernetes API reference).
  const time = new Date(now).toISOString().replace('Z', '000Z');
  const changed = holderIdentity !== holder;
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...before?.metadata, name: LEASE, labels: managedLabels('agent') },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: DURATION,
      renewTime: time,
      acquireTime: changed ? time : (acquireTime ?? time),
      leaseTransitions: changed && before !== undefined ? leaseTransitions + 1 : leaseTransitions,
    },
  };
  const call: ClusterCall =
    before === undefined
      ? { method: 'POST', path: collectionOf(cluster), body, what: 'create leases', signal }
      : { method: 'PUT', path: `${collectionOf(cluster)}/${LEASE}`, body, what: 'update leases', signal };
  try {
    await cluster.send(call);
    return true;
  } catch (error) {
    if (statusOf(error) === 409 || isGone(error)) return false;
    throw error;
  }
}
