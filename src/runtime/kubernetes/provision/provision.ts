import type { V1Pod } from '@kubernetes/client-node';
import type { ReportingContext, WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { within } from '../../../shared/abortable.ts';
import { allOrNothing } from '../../../shared/all-or-nothing.ts';
import type { ProvisionRequest } from '../../types.ts';
import { createObject, getObject, type Identity, mergeObject, requireNamespace } from '../api/objects.ts';
import { transition, type UnitVersion } from '../unit/cas.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { chooseImage, sameBranch } from './images.ts';
import { workDeadline } from '../unit/keep-alive.ts';
import { type InstancePlan, podManifest } from './manifests.ts';
import { CLAIM, DEADLINE, objectName } from '../unit/names.ts';
import { ingressManifest, ownerOf, serviceManifest } from './network-manifests.ts';
import type { KubernetesOptions } from '../options.ts';
import { isPortTaken, localOrigin, requireOwnPort } from './local-port.ts';
import { takeName, takenBy } from './name.ts';
import { type Ask, waitUntilReady } from './ready.ts';
import { GONE_LIMIT, removeObjects, waitUntilGone } from '../unit/remove.ts';
import { callSidecar } from '../sidecar/transport.ts';
import { parseUnit, stampOf, type Unit } from '../unit/unit.ts';

/** A word that cannot be guessed, of characters that need no quoting anywhere. */
const secretWord = (context: WorkContext): string => context.randomBytes(24).toString('base64url');

/** Milliseconds for taking back what was made. */
const UNDO_LIMIT = 30_000;
/** How often another port is chosen because a second clone chose the same one at the same moment. */
const PORT_ATTEMPTS = 5;

/**
 * Makes an instance and claims it. Whatever fails, nothing stays behind; when this process dies, the deadline on each
 * object lets the next sweep remove it.
 */
export async function provisionInstance(
  cluster: Cluster,
  request: ProvisionRequest,
  options: KubernetesOptions,
  version: string,
  context: ReportingContext,
): Promise<Unit> {
  const chosen = await chooseImage(options, version, request.phpVersion, context, request.php);
  warnWhenDifferent(request, chosen.php, context);
  for (let attempt = 1; ; attempt += 1) {
    const plan = await planInstance(cluster, request, chosen.image, options, context);
    try {
      return await makeInstance(cluster, plan, options, context);
    } catch (error) {
      if (!isPortTaken(error) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function makeInstance(
  cluster: Cluster,
  plan: InstancePlan,
  options: KubernetesOptions,
  context: ReportingContext,
): Promise<Unit> {
  await takeName(cluster, plan, context);
  try {
    const pod = await createPod(cluster, plan, options, context);
    const ask = askSidecar(cluster, pod, plan.secrets.token, context);
    await allOrNothing<unknown>(context.signal, (signal) => {
      const work = { ...context, signal };
      return [
        waitUntilReady(cluster, pod, ask, options.provisionSeconds * 1000, work),
        createBelongings(cluster, plan, pod, options, work),
        requireOwnPort(cluster, plan.facts.url, pod, work),
      ];
    });
    return await claim(cluster, { ...pod, state: 'CREATING', epoch: 0 }, plan, context);
  } catch (error) {
    const late = new WpcloneError('CANCELLED', 'Removing it took too long.');
    const undo = (signal: AbortSignal) =>
      removeObjects(cluster, objectName(plan.cloneId), plan.claim, { ...context, signal });
    await within(UNDO_LIMIT, context, late, undo).catch((cause: unknown) => {
      context.log.warn('clean-up failed; the next sweep does it', { clone: plan.cloneId, error: String(cause) });
    });
    throw error;
  }
}

function warnWhenDifferent(request: ProvisionRequest, php: string | undefined, context: WorkContext): void {
  if (php === undefined) return;
  void request.phpVersion?.then((wanted) => {
    if (wanted === undefined || sameBranch(wanted, php)) return undefined;
    const message = `The source runs PHP ${wanted}; the nearest image that is configured has PHP ${php}.`;
    return context.emit({ type: 'warning', code: 'PHP_VERSION_DIFFERS', message });
  });
}

async function planInstance(
  cluster: Cluster,
  request: ProvisionRequest,
  image: string,
  options: KubernetesOptions,
  context: WorkContext,
): Promise<InstancePlan> {
  const { id } = request;
  // The first answer of an API server also tells its time, which all stamps are in.
  if (!cluster.hasAnswered()) await requireNamespace(cluster, context);
  const origin =
    options.domain === undefined ? await localOrigin(cluster, options, context) : `https://${id}.${options.domain}`;
  const stamp = (time: number) => stampOf(cluster.clockOffset(), time);
  const limit = GONE_LIMIT + options.provisionSeconds * 1000 + 60_000;
  return {
    cloneId: id,
    claim: secretWord(context),
    deadline: stamp(context.now() + limit),
    expiresAt: stamp(request.expiresAt),
    facts: {
      url: origin,
      source: { url: request.sourceUrl, wordpressVersion: '', phpVersion: '' },
      adminUsername: '',
      createdAt: stamp(context.now()),
    },
    image,
    secrets: {
      token: secretWord(context),
      databasePassword: secretWord(context),
      rootPassword: secretWord(context),
    },
  };
}

async function createPod(
  cluster: Cluster,
  plan: InstancePlan,
  options: KubernetesOptions,
  context: ReportingContext,
): Promise<Identity> {
  const mark = { annotation: CLAIM, value: plan.claim };
  const name = objectName(plan.cloneId);
  const create = () => createObject(cluster, 'pods', podManifest(plan, options), mark, context);
  try {
    return identityOf(await create());
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    // An earlier clone of this name may be on its way out.
    const earlier = (await getObject(cluster, 'pods', name, context))?.metadata;
    if (earlier !== undefined && earlier.deletionTimestamp === undefined) throw takenBy('pod', earlier, plan.cloneId);
    if (earlier !== undefined) {
      const message = 'waiting for an earlier clone of this name to be gone';
      context.progress?.({}, message);
      await waitUntilGone(cluster, name, earlier.uid ?? '', context);
    }
    return identityOf(await create());
  }
}

const identityOf = ({ metadata }: V1Pod): Identity => ({ name: metadata?.name ?? '', uid: metadata?.uid ?? '' });

/** Milliseconds: where the API server cannot reach a pod yet, it tries for longer than the kubelet's next word takes. */
const ASK_LIMIT = 2000;

/** The question that the kubelet asks too, put through the API server; whoever may not waits for the kubelet. */
function askSidecar(cluster: Cluster, pod: Identity, token: string, work: WorkContext): Ask {
  return async ({ status }, signal) => {
    const address = { pod: pod.name, uid: pod.uid, podIp: status?.podIP, token, epoch: 0 };
    const ask = async (limited: AbortSignal): Promise<boolean> => {
      const call = { method: 'GET', path: '/readyz', signal: AbortSignal.any([signal, limited]) } as const;
      await (await callSidecar(cluster, address, false, call)).body.dump();
      return true;
    };
    const late = new WpcloneError('CLUSTER_UNREACHABLE', 'The sidecar does not answer yet.');
    return within(ASK_LIMIT, work, late, ask).catch(() => false);
  };
}

/** What hangs on the pod: its Secret from now on, its Service and, with a domain, its Ingress. */
async function createBelongings(
  cluster: Cluster,
  plan: InstancePlan,
  pod: Identity,
  options: KubernetesOptions,
  context: WorkContext,
): Promise<void> {
  const { cloneId, claim: claimId } = plan;
  const owner = ownerOf(pod);
  const mark = { annotation: CLAIM, value: claimId };
  const { domain } = options;
  await allOrNothing<unknown>(context.signal, (signal) => {
    const work = { ...context, signal };
    const ingress = (host: string) => ingressManifest(cloneId, owner, claimId, { ...options, domain: host });
    return [
      mergeObject(cluster, 'secrets', pod.name, { metadata: { ownerReferences: [owner] } }, work),
      createObject(cluster, 'services', serviceManifest(cloneId, owner, claimId), mark, work),
      ...(domain === undefined ? [] : [createObject(cluster, 'ingresses', ingress(domain), mark, work)]),
    ];
  });
}

/** The commit point, the same for an instance made now and for one that was waiting warm. */
async function claim(cluster: Cluster, unit: UnitVersion, plan: InstancePlan, context: WorkContext): Promise<Unit> {
  const deadline = workDeadline(cluster, context.now());
  const change = {
    to: 'ASSIGNED',
    newEpoch: true,
    clone: plan.cloneId,
    annotations: { [CLAIM]: plan.claim, [DEADLINE]: deadline },
  } as const;
  return ownUnit(await transition(cluster, unit, change, context));
}

function ownUnit(pod: V1Pod): Unit {
  const { unit } = parseUnit(pod);
  if (unit !== undefined) return unit;
  throw new WpcloneError('CLUSTER_CONFLICT', 'Somebody else changed the labels or annotations of the new pod.');
}
