import type { V1Node } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { requireNamespace } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import type { KubernetesOptions } from '../options.ts';
import { withRetry } from '../api/retry.ts';
import type { Finding } from './finding.ts';
import { batchVersion } from './init.ts';
import { rehearseClone } from './rehearsal.ts';
import { missingRights, rightsNeeded } from './rights.ts';

/** Milliseconds that the clocks of this machine and of the API server may differ. */
const CLOCK_LIMIT = 60_000;

/** What is allowed, missing or too small for clones in this namespace. Throws when the cluster cannot be asked at all. */
export async function checkCluster(
  cluster: Cluster,
  options: KubernetesOptions,
  version: string,
  context: WorkContext,
): Promise<readonly Finding[]> {
  const { gitVersion } = await get<{ gitVersion: string }>(cluster, 'version', context);
  const server: Finding = { name: 'server', status: 'ok', detail: `Kubernetes ${gitVersion} at ${cluster.server}` };
  const findings = await Promise.all([
    checkNamespace(cluster, context),
    checkRights(cluster, options, context),
    rehearseClone(cluster, options, version, context),
    checkNodes(cluster, context),
    checkIngress(cluster, options, context),
    checkCleanUp(cluster, context),
  ]);
  return [server, checkClock(cluster), ...findings.flat()];
}

async function get<T>(cluster: Cluster, path: string, context: WorkContext): Promise<T> {
  const call = { method: 'GET', path, what: `get ${path}`, signal: context.signal } as const;
  return withRetry(cluster, context, () => cluster.send<T>(call));
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

async function checkNamespace(cluster: Cluster, context: WorkContext): Promise<Finding> {
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
  return missing.map(({ verb, resource, group, neededFor, only }) => ({
    name: 'rights',
    status: only === undefined ? 'failed' : 'warning',
    detail: `may not ${verb} ${resource}, needed for ${neededFor}`,
    fix: `Add ${verb} on ${resource}${group === '' ? '' : `.${group}`} to a role in ${cluster.namespace}; templates/kubernetes/role.yaml has all.`,
  }));
}

async function checkNodes(cluster: Cluster, context: WorkContext): Promise<Finding[]> {
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

async function checkCleanUp(cluster: Cluster, context: WorkContext): Promise<Finding> {
  const base = `apis/batch/${await batchVersion(cluster, context)}`;
  const job = await ifAllowed(get(cluster, inNamespace(cluster, 'cronjobs/wpclone-gc', base), context));
  if (job !== undefined) return { name: 'clean-up', status: 'ok', detail: 'the CronJob wpclone-gc is there' };
  return {
    name: 'clean-up',
    status: 'warning',
    detail: 'no CronJob wpclone-gc to be seen: expired clones stay until somebody runs wpclone',
    fix: 'Run wpclone cluster init.',
  };
}
