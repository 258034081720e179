import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { ProvisionRequest } from '../types.ts';
import { createObject, getObject, type Identity, listObjects, mergeObject, requireNamespace } from './api.ts';
import { transition } from './cas.ts';
import type { Cluster } from './client.ts';
import { statusOf } from './errors.ts';
import { chooseImage, sameBranch } from './images.ts';
import { workDeadline } from './keep-alive.ts';
import { type InstancePlan, podManifest } from './manifests.ts';
import { CLAIM, DEADLINE, INSTANCE_SELECTOR, objectName } from './names.ts';
import { ingressManifest, ownerOf, serviceManifest } from './network-manifests.ts';
import type { KubernetesOptions } from './options.ts';
import { takeName, takenBy } from './name.ts';
import { type Ask, waitUntilReady } from './ready.ts';
import { removeObjects, waitUntilGone } from './remove.ts';
import { callSidecar } from './sidecar-transport.ts';
import { parseUnit, stampOf, type Unit } from './units.ts';

/** A word that cannot be guessed, of characters that need no quoting anywhere. */
const secretWord = (context: WorkContext): string => context.randomBytes(24).toString('base64url');

/**
 * Makes an instance and claims it. Whatever fails, nothing stays behind; when this process dies, the deadline on each
 * object lets the next sweep remove it.
 */
export async function provisionInstance(
  cluster: Cluster,
  request: ProvisionRequest,
  options: KubernetesOptions,
  version: string,
  context: WorkContext,
): Promise<Unit> {
  const chosen = await chooseImage(options, version, request.phpVersion, context);
  warnWhenDifferent(request, chosen.php, context);
  const plan = await planInstance(cluster, request, chosen.image, options, context);
  await takeName(cluster, plan, context);
  // Stops the one when the other has failed.
  const failed = new AbortController();
  const work = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  try {
    const pod = await createPod(cluster, plan, options, context);
    const belongings = createBelongings(cluster, plan, pod, options, work);
    const [ready] = await Promise.all([
      waitUntilReady(cluster, pod, askSidecar(cluster, pod, plan.secrets.token), options.provisionSeconds * 1000, work),
      belongings,
    ]);
    return await claim(cluster, ready, plan, context);
  } catch (error) {
    failed.abort(error);
    const undo = { ...context, signal: AbortSignal.timeout(30_000) };
    await removeObjects(cluster, objectName(plan.cloneId), plan.claim, undo).catch((cause: unknown) => {
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
  const limit = options.provisionSeconds * 1000 + 60_000;
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

/** The address that `wpclone open` will make true: it is part of the clone's content, so it is settled now. */
async function localOrigin(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<string> {
  const pods = await listObjects(cluster, 'pods', { labelSelector: INSTANCE_SELECTOR }, context);
  const taken = new Set(pods.items.map((pod) => new URL(parseUnit(pod).unit?.facts?.url ?? 'http://none').port));
  const { first, last } = options.ports;
  const span = last - first + 1;
  const start = context.randomBytes(4).readUInt32BE() % span;
  for (let step = 0; step < span; step += 1) {
    const port = String(first + ((start + step) % span));
    if (!taken.has(port)) return `http://localhost:${port}`;
  }
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${first} to ${last} belong to clones.`);
}

async function createPod(
  cluster: Cluster,
  plan: InstancePlan,
  options: KubernetesOptions,
  context: WorkContext,
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
    if (earlier !== undefined) await waitUntilGone(cluster, name, earlier.uid ?? '', context);
    return identityOf(await create());
  }
}

const identityOf = ({ metadata }: V1Pod): Identity => ({ name: metadata?.name ?? '', uid: metadata?.uid ?? '' });

/** Milliseconds: where the API server cannot reach a pod yet, it tries for longer than the kubelet's next word takes. */
const ASK_LIMIT = 2000;

/** The question that the kubelet asks too, put through the API server; whoever may not waits for the kubelet. */
function askSidecar(cluster: Cluster, pod: Identity, token: string): Ask {
  return async ({ status }, signal) => {
    const address = { pod: pod.name, uid: pod.uid, podIp: status?.podIP, token, epoch: 0 };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ASK_LIMIT)]);
    try {
      const answer = await callSidecar(cluster, address, false, { method: 'GET', path: '/readyz', signal: limited });
      await answer.body.dump();
      return true;
    } catch {
      return false;
    }
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
  await Promise.all([
    mergeObject(cluster, 'secrets', pod.name, { metadata: { ownerReferences: [owner] } }, context),
    createObject(cluster, 'services', serviceManifest(cloneId, owner, claimId), mark, context),
    domain === undefined
      ? undefined
      : createObject(
          cluster,
          'ingresses',
          ingressManifest(cloneId, owner, claimId, { ...options, domain }),
          mark,
          context,
        ),
  ]);
}

/** The commit point, the same for an instance made now and for one that was waiting warm. */
async function claim(cluster: Cluster, pod: V1Pod, plan: InstancePlan, context: WorkContext): Promise<Unit> {
  const unit = ownUnit(pod);
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
