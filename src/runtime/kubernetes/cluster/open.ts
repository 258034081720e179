import type { WorkContext } from '../../../shared/context.ts';
import { type Cluster, connectCluster } from '../api/client.ts';
import { type KubernetesOptions, parseOptions } from '../options.ts';

/** For what is about a cluster rather than its clones. Throws BAD_CONFIG, KUBECONFIG_INVALID. */
export async function openCluster(
  settings: Readonly<Record<string, unknown>>,
  context: WorkContext,
): Promise<{ readonly cluster: Cluster; readonly options: KubernetesOptions }> {
  const options = parseOptions(settings);
  return { cluster: await connectCluster(options, context.now), options };
}
