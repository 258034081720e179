import type { V1LimitRange, V1Node, V1ResourceQuota } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { requireNamespace } from '../api.ts';
import type { Cluster } from '../client.ts';
import { statusOf } from '../errors.ts';
import type { KubernetesOptions } from '../options.ts';
import { persist } from '../patience.ts';
import { batchVersion } from './init.ts';
import { exceeds, instanceRequests, quotaShortages } from './quantities.ts';
import { missingRights, rightsNeeded } from './rights.ts';

export interface Finding {
  readonly name: string;
  /** `warning`: clones work, but something is less good than it could be. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Milliseconds that the clocks of this machine and of the API server may differ. */
const CLOCK_LIMIT = 60_000;

/** What is allowed, missing or too small for clones in this namespace. Throws when the cluster cannot be asked at all. */
export async function checkCluster(
  cluster: Cluster,
  options: KubernetesOptions,
  context: WorkContext,
): Promise<readonly Finding[]> {
  const { gitVersion } = await get<{ gitVersion: string }>(cluster, 'version', context);
  const server: Finding = { name: 'server', status: 'ok', detail: `Kubernetes ${gitVersion} at ${cluster.server}` };
  const checks = [checkNamespace, checkRights, checkQuota, checkLimits, checkNodes, checkIngress, checkCleanUp];
  const findings = await Promise.all(checks.map((check) => check(cluster, options, context)));
  return [server, checkClock(cluster), ...findings.flat()];
}

async function get<T>(cluster: Cluster, path: string, context: WorkContext): Promise<T> {
  const call = { method: 'GET', path, what: `get ${path}`, signal: context.signal } as const;
  return persist(cluster, context, () => cluster.send<T>(call));
}

/** What the user may not look at is no failure: nothing needs it to work. */
async function ifAllowed<T>(read: Promise<T>): Promise<T | undefined> {
  return read.catch((error: unknown) => {
    if (statusOf(error) === 403 || statusOf(error) === 404) return undefined;
    throw error;
  });
}

const inNamespace = (cluster: Cluster, rest: string, base = 'api/v1') =>
  `${base}/namespaces/${encodeURIComponent(cluster.namespace)}/${rest}`;

function checkClock(cluster: Cluster): Finding {
  const seconds = Math.round(cluster.clockOffset() / 1000);
  if (Math.abs(cluster.clockOffset()) < CLOCK_LIMIT)
    return { name: 'clock', status: 'ok', detail: 'agrees with the server' };
  const detail = `this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the API server`;
  return { name: 'clock', status: 'warning', detail, fix: 'Correct the clock; wpclone goes by the API server’s.' };
}

async function checkNamespace(cluster: Cluster, _options: KubernetesOptions, context: WorkContext): Promise<Finding> {
  const name = 'namespace';
  try {
    await requireNamespace(cluster, context);
    return { name, status: 'ok', detail: cluster.namespace };
  } catch (error) {
    const { code, message, nextSteps } = toWpcloneError(error);
    if (code !== 'NAMESPACE_MISSING') throw error;
    return { name, status: 'failed', detail: message, fix: nextSteps.join(' ') };
  }
}

async function checkRights(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<Finding[]> {
  const missing = await missingRights(cluster, rightsNeeded(options.domain !== undefined), context);
  if (missing.length === 0) return [{ name: 'rights', status: 'ok', detail: 'all that clones need' }];
  return missing.map(({ verb, resource, group, neededFor }) => ({
    name: 'rights',
    // Without events there are only fewer explanations.
    status: resource === 'events' ? 'warning' : 'failed',
    detail: `may not ${verb} ${resource}, needed for ${neededFor}`,
    fix: `Add ${verb} on ${resource}${group === '' ? '' : `.${group}`} to a role in ${cluster.namespace}; templates/kubernetes/role.yaml has all.`,
  }));
}

async function checkQuota(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<Finding[]> {
  const quotas = await ifAllowed(
    get<{ items: V1ResourceQuota[] }>(cluster, inNamespace(cluster, 'resourcequotas'), context),
  );
  const needed = instanceRequests(options.resources);
  const shortages = (quotas?.items ?? []).flatMap((quota) => quotaShortages(quota, needed));
  if (shortages.length === 0) return [{ name: 'quota', status: 'ok', detail: 'room for another clone' }];
  return shortages.map((detail) => ({
    name: 'quota',
    status: 'failed',
    detail,
    fix: 'Delete clones you no longer need (wpclone list), or raise the quota.',
  }));
}

async function checkLimits(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<Finding[]> {
  const ranges = await ifAllowed(get<{ items: V1LimitRange[] }>(cluster, inNamespace(cluster, 'limitranges'), context));
  const largest = (ranges?.items ?? []).flatMap((range) =>
    (range.spec?.limits ?? []).filter((limit) => limit.type === 'Container').map((limit) => limit.max?.['memory']),
  );
  const tooLarge = Object.entries(options.resources).filter(([, { limits }]) =>
    largest.some((max) => max !== undefined && exceeds(limits.memory, max)),
  );
  return tooLarge.map(([container, { limits }]) => ({
    name: 'limits',
    status: 'failed',
    detail: `the LimitRange allows less memory than the container ${container} asks for (${limits.memory})`,
    fix: `Raise it, or set kubernetes.resources.${container}.limits.memory lower.`,
  }));
}

async function checkNodes(cluster: Cluster, _options: KubernetesOptions, context: WorkContext): Promise<Finding[]> {
  const nodes = await ifAllowed(get<{ items: V1Node[] }>(cluster, 'api/v1/nodes', context));
  if (nodes === undefined) return [];
  const usable = nodes.items.filter(
    ({ spec, status }) =>
      spec?.unschedulable !== true &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  const detail = `${usable.length} of ${nodes.items.length} nodes take pods`;
  if (usable.length > 0) return [{ name: 'nodes', status: 'ok', detail }];
  return [{ name: 'nodes', status: 'failed', detail, fix: 'Add a node, or uncordon one.' }];
}

async function checkIngress(cluster: Cluster, options: KubernetesOptions, context: WorkContext): Promise<Finding[]> {
  const { domain, ingressClass, tlsSecret } = options;
  if (domain === undefined) {
    const detail = 'no domain is set: clones are reached by wpclone open';
    return [{ name: 'ingress', status: 'ok', detail }];
  }
  const findings: Finding[] = [];
  if (ingressClass !== undefined) {
    const path = `apis/networking.k8s.io/v1/ingressclasses/${encodeURIComponent(ingressClass)}`;
    const found = await ifAllowed(get(cluster, path, context));
    const fix = 'Install the Ingress controller, or correct kubernetes.ingressClass (kubectl get ingressclass).';
    if (found === undefined) {
      findings.push({ name: 'ingress', status: 'warning', detail: `no IngressClass ${ingressClass} to be seen`, fix });
    }
  }
  if (tlsSecret !== undefined) {
    const found = await ifAllowed(
      get(cluster, inNamespace(cluster, `secrets/${encodeURIComponent(tlsSecret)}`), context),
    );
    const fix = `Create it: kubectl -n ${cluster.namespace} create secret tls ${tlsSecret} --cert=… --key=…`;
    if (found === undefined)
      findings.push({ name: 'ingress', status: 'failed', detail: `no Secret ${tlsSecret}`, fix });
  }
  return findings.length > 0 ? findings : [{ name: 'ingress', status: 'ok', detail: `https://NAME.${domain}` }];
}

async function checkCleanUp(cluster: Cluster, _options: KubernetesOptions, context: WorkContext): Promise<Finding> {
  const base = `apis/batch/${await batchVersion(cluster, context)}`;
  const job = await ifAllowed(get(cluster, inNamespace(cluster, 'cronjobs/wpclone-gc', base), context));
  if (job !== undefined) return { name: 'clean-up', status: 'ok', detail: 'the CronJob wpclone-gc is there' };
  return {
    name: 'clean-up',
    status: 'warning',
    detail: 'no CronJob wpclone-gc: expired clones stay until somebody runs wpclone',
    fix: 'Run wpclone cluster init.',
  };
}
