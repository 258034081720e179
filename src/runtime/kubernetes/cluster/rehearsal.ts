import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { type Kind, pathOf } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { defaultImage } from '../provision/images.ts';
import { type InstancePlan, podManifest, secretManifest } from '../provision/manifests.ts';
import { objectName } from '../unit/names.ts';
import { ingressManifest, ownerOf, serviceManifest } from '../provision/network-manifests.ts';
import type { KubernetesOptions } from '../options.ts';
import { persist } from '../api/patience.ts';
import type { Finding } from './finding.ts';

/**
 * Has the server make another clone's objects without keeping them (Kubernetes documentation, "Dry-run"): quotas, LimitRanges,
 * Pod Security and whatever else has a say then say it themselves.
 */
export async function rehearseClone(
  cluster: Cluster,
  options: KubernetesOptions,
  version: string,
  context: WorkContext,
): Promise<Finding[]> {
  const attempts = objectsOf(examplePlan(options, version, context), options).map(([kind, body]) =>
    tryToMake(cluster, kind, body, context),
  );
  const results = await Promise.all(attempts);
  const refusals = results.filter((result) => result !== 'unknown' && result !== 'taken');
  if (refusals.length > 0 || !results.includes('taken')) return refusals;
  return [{ name: 'dry-run', status: 'ok', detail: 'the server would take another clone' }];
}

function examplePlan(options: KubernetesOptions, version: string, context: WorkContext): InstancePlan {
  const stamp = new Date(context.now()).toISOString();
  return {
    cloneId: `check-${context.randomBytes(6).toString('hex')}`,
    claim: 'dry-run',
    deadline: stamp,
    expiresAt: stamp,
    facts: {
      url: `http://127.0.0.1:${options.ports.first}`,
      source: { url: '', wordpressVersion: '', phpVersion: '' },
      adminUsername: '',
      createdAt: stamp,
    },
    image: defaultImage(options, version),
    secrets: { token: '', databasePassword: '', rootPassword: '' },
  };
}

function objectsOf(plan: InstancePlan, options: KubernetesOptions): readonly (readonly [Kind, object])[] {
  const { cloneId, claim } = plan;
  const owner = ownerOf({ name: objectName(cloneId), uid: cloneId });
  const { domain } = options;
  return [
    ['secrets', secretManifest(plan)],
    ['pods', podManifest(plan, options)],
    ['services', serviceManifest(cloneId, owner, claim)],
    ...(domain === undefined
      ? []
      : [['ingresses', ingressManifest(cloneId, owner, claim, { ...options, domain })] as const]),
  ];
}

async function tryToMake(
  cluster: Cluster,
  kind: Kind,
  body: object,
  context: WorkContext,
): Promise<Finding | 'taken' | 'unknown'> {
  const path = pathOf(cluster, kind, undefined, { dryRun: 'All' });
  const call = { method: 'POST', path, body, what: `create ${kind}`, signal: context.signal } as const;
  try {
    await persist(cluster, context, () => cluster.send(call));
    return 'taken';
  } catch (error) {
    const { code, message, nextSteps } = toWpcloneError(error);
    // Found by the checks of namespace and rights.
    if (code === 'CLUSTER_FORBIDDEN' || code === 'NAMESPACE_MISSING') return 'unknown';
    // A webhook of the cluster does not know dry runs, and would be asked in earnest.
    if (statusOf(error) === 400 && /dry.?run/i.test(message)) return 'unknown';
    if (statusOf(error) === undefined) throw error;
    return { name: 'dry-run', status: 'failed', detail: message, fix: nextSteps.join(' ') };
  }
}
