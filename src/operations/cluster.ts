import type { WorkContext } from '../shared/context.ts';
import { packageVersion } from '../shared/package-root.ts';
import type { Finding } from '../runtime/kubernetes/cluster/finding.ts';
import type { Applied, ClusterSpec } from '../runtime/kubernetes/cluster/init.ts';
import type { openCluster } from '../runtime/kubernetes/cluster/open.ts';
import type { KubernetesSettings } from './settings.ts';

export type { Applied, Finding };

/** What a cluster allows, and what is missing or too small for clones; `ok` says whether clones can work. */
export async function checkNamespace(
  settings: KubernetesSettings,
  context: WorkContext,
): Promise<{ ok: boolean; findings: readonly Finding[] }> {
  const { checkCluster } = await import('../runtime/kubernetes/cluster/check.ts');
  return withCluster(settings, context, async ({ cluster, options }) => {
    const findings = await checkCluster(cluster, options, await packageVersion(), context);
    return { ok: findings.every((finding) => finding.status !== 'failed'), findings };
  });
}

/** The objects that make a namespace ready for clones, for the API versions that this server offers. */
export async function planNamespace(
  settings: KubernetesSettings,
  spec: ClusterSpec,
  context: WorkContext,
): Promise<readonly object[]> {
  const { planCluster } = await import('../runtime/kubernetes/cluster/init.ts');
  return withCluster(settings, context, async ({ cluster, options }) =>
    planCluster(cluster, options, await packageVersion(), spec, context),
  );
}

/** Applies them, as often as you like; `force` also over what others changed. */
export async function initNamespace(
  settings: KubernetesSettings,
  { force, ...spec }: ClusterSpec & { readonly force: boolean },
  context: WorkContext,
): Promise<{ namespace: string; applied: readonly Applied[] }> {
  const { applyManifests, planCluster } = await import('../runtime/kubernetes/cluster/init.ts');
  return withCluster(settings, context, async ({ cluster, options }) => {
    const manifests = await planCluster(cluster, options, await packageVersion(), spec, context);
    return { namespace: cluster.namespace, applied: await applyManifests(cluster, manifests, force, context) };
  });
}

type Opened = Awaited<ReturnType<typeof openCluster>>;

async function withCluster<T>(
  settings: KubernetesSettings,
  context: WorkContext,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const module = await import('../runtime/kubernetes/cluster/open.ts');
  const opened = await module.openCluster(settings, context);
  try {
    return await work(opened);
  } finally {
    await opened.cluster.close();
  }
}
