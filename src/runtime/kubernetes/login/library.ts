import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import { WpcloneError } from '../../../shared/errors.ts';
import { loadKubeConfig, readTokenFile } from './kubeconfig.ts';
import type { Login } from './types.ts';

/** What the library makes up when it finds no configuration at all. */
const NO_KUBECONFIG = 'http://localhost:8080';

/**
 * From KUBECONFIG, ~/.kube/config, or the service account inside a cluster, whatever is in them. Throws KUBECONFIG_INVALID.
 * No setting names another file: a kubeconfig may name programs to run, and settings may come with somebody else's repository.
 */
export function libraryLogin(wanted: string | undefined, file: string | undefined): Login {
  let kubeConfig = openKubeConfig(wanted, file);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const server = kubeConfig.getCurrentCluster()?.server;
  if (context === null || server === undefined) {
    throw new WpcloneError('KUBECONFIG_INVALID', 'The kubeconfig names no cluster to use.');
  }

  async function present(): Promise<KubeConfig> {
    await readTokenFile(kubeConfig, file);
    return kubeConfig;
  }

  return {
    contextName: context.name,
    namespace: context.namespace,
    server,
    async credentials(refused) {
      const request = new RequestContext(server, HttpMethod.GET);
      try {
        // It keeps what a program gave it until that expires by its own word, and never reads the file again.
        if (refused) kubeConfig = openKubeConfig(wanted, file);
        await (await present()).applySecurityAuthentication(request);
      } catch (error) {
        const reason = error instanceof Error ? error.message.trim() : String(error);
        throw new WpcloneError('CLUSTER_AUTH', `The log-in of the kubeconfig failed: ${reason}`, { cause: error });
      }
      return { dispatcher: request.getDispatcher(), headers: request.getHeaders() };
    },
    kubeConfig: present,
  };
}

function openKubeConfig(context: string | undefined, file: string | undefined): KubeConfig {
  const kubeConfig = readKubeConfig(file);
  if (file === undefined && kubeConfig.getCurrentCluster()?.server === NO_KUBECONFIG) {
    throw new WpcloneError('KUBECONFIG_INVALID', 'There is no kubeconfig, and this is not inside a cluster.');
  }
  if (context !== undefined) {
    if (kubeConfig.getContextObject(context) === null) {
      const names = kubeConfig.getContexts().map(({ name }) => name);
      const message = `The kubeconfig has no context ${context}; it has ${names.join(', ') || 'none'}.`;
      throw new WpcloneError('KUBECONFIG_INVALID', message);
    }
    kubeConfig.setCurrentContext(context);
  }
  return kubeConfig;
}

function readKubeConfig(file: string | undefined): KubeConfig {
  try {
    return loadKubeConfig(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WpcloneError('KUBECONFIG_INVALID', `The kubeconfig cannot be read: ${reason}`, { cause: error });
  }
}
