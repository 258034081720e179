import { isDeepStrictEqual } from 'node:util';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import type { Cluster, ClusterCall } from '../api/client.ts';
import { isGone, statusOf } from '../api/errors.ts';
import { defaultImage } from '../provision/images.ts';
import type { KubernetesOptions } from '../options.ts';
import { withRetry } from '../api/retry.ts';
import { clusterManifests, type Manifest, roleOf } from './manifests.ts';

export interface Applied {
  readonly kind: string;
  readonly name: string;
  /**
   * `unchanged` when the server had exactly this already, `kept` when somebody else wrote other values there, `forbidden` when
   * somebody with more rights has to apply it.
   */
  readonly result: 'created' | 'changed' | 'unchanged' | 'kept' | 'forbidden';
  /** Why it was not applied. */
  readonly detail?: string;
}

const FIELD_MANAGER = 'wpclone';
/** Collections by kind (Kubernetes API reference); all but Namespace are inside one. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ResourceQuota: 'resourcequotas',
  LimitRange: 'limitranges',
  NetworkPolicy: 'networkpolicies',
  CronJob: 'cronjobs',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Deployment: 'deployments',
  Service: 'services',
};

/** What is to be made of a namespace. */
export interface ClusterSpec {
  /** With an agent that runs in it. */
  readonly withAgent: boolean;
}

/** The manifests as this server takes them. */
export async function planCluster(
  cluster: Cluster,
  options: KubernetesOptions,
  version: string,
  { withAgent }: ClusterSpec,
  context: WorkContext,
): Promise<readonly Manifest[]> {
  return clusterManifests({
    withAgent,
    namespace: cluster.namespace,
    image: defaultImage(options, version),
    options,
    batchVersion: await batchVersion(cluster, context),
  });
}

/** CronJobs are in batch/v1 from Kubernetes 1.21 on, in batch/v1beta1 up to 1.24. */
export async function batchVersion(cluster: Cluster, context: WorkContext): Promise<'v1' | 'v1beta1'> {
  const call = { method: 'GET', path: 'apis/batch/v1', what: 'read the API', signal: context.signal } as const;
  interface Resources {
    readonly resources: readonly { readonly name: string }[];
  }
  const { resources } = await withRetry(cluster, context, () => cluster.send<Resources>(call));
  return resources.some((resource) => resource.name === 'cronjobs') ? 'v1' : 'v1beta1';
}

/**
 * Server-side apply of each (Kubernetes documentation, "Server-Side Apply"): may be repeated, and changes nothing else. An
 * object in which somebody has changed what we would write (a quota was raised, a binding extended) is theirs unless `force`.
 * What the present user may not apply does not keep the rest from being applied: who owns a namespace seldom owns its quota.
 */
export async function applyManifests(
  cluster: Cluster,
  manifests: readonly Manifest[],
  force: boolean,
  context: WorkContext,
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  for (const manifest of manifests) {
    const role = roleOf(manifest);
    const without = applied.some(
      ({ kind, name, result }) => kind === 'Role' && name === role && result === 'forbidden',
    );
    // The server would say of a Role that is not there that it was not found, which tells nobody what to do.
    if (without) applied.push({ ...named(manifest), result: 'forbidden', detail: `The Role ${role} was not applied.` });
    else applied.push(await applyManifest(cluster, manifest, force, context));
  }
  return applied;
}

const named = ({ kind, metadata: { name } }: Manifest) => ({ kind, name });

async function applyManifest(
  cluster: Cluster,
  manifest: Manifest,
  force: boolean,
  context: WorkContext,
): Promise<Applied> {
  const { kind } = manifest;
  const { name } = manifest.metadata;
  const path = pathOfManifest(manifest);
  const what = `apply ${kind} ${name}`;
  const read: ClusterCall = { method: 'GET', path, what, signal: context.signal };
  const before = await withRetry(cluster, context, () => cluster.send<Manifest>(read)).catch((error: unknown) => {
    // Whoever may apply but not read is told of a change each time.
    if (isGone(error) || statusOf(error) === 403) return undefined;
    throw error;
  });
  const patch: ClusterCall = {
    method: 'PATCH',
    path: `${path}?fieldManager=${FIELD_MANAGER}&force=${force}`,
    body: manifest,
    contentType: 'application/apply-patch+yaml',
    what,
    signal: context.signal,
  };
  let after: Manifest;
  try {
    after = await withRetry(cluster, context, () => cluster.send<Manifest>(patch));
  } catch (error) {
    const { code, message, retryable } = toWpcloneError(error);
    if (code === 'CLUSTER_CONFLICT' && !retryable) return { kind, name, result: 'kept', detail: message };
    // Without its namespace there is nowhere to apply the rest.
    if (code !== 'CLUSTER_FORBIDDEN' || (kind === 'Namespace' && before === undefined)) throw error;
    return { kind, name, result: 'forbidden', detail: message };
  }
  if (before === undefined) return { kind, name, result: 'created' };
  return { kind, name, result: isDeepStrictEqual(applicable(before), applicable(after)) ? 'unchanged' : 'changed' };
}

/** Without what the server and its controllers write at any moment: a quota's use, when a CronJob ran last. */
function applicable({ status: _status, ...object }: Manifest): object {
  const { resourceVersion: _version, managedFields: _fields, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function pathOfManifest({ apiVersion, kind, metadata }: Manifest): string {
  const collection = COLLECTIONS[kind];
  if (collection === undefined) throw new WpcloneError('INTERNAL', `No collection for ${kind}.`);
  const base = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(metadata.namespace)}`;
  return `${base}${scope}/${collection}/${encodeURIComponent(metadata.name)}`;
}
