import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { WpcloneError } from '../../shared/errors.ts';
import type { Login } from './login.ts';

/** What the library makes up when it finds no configuration at all. */
const NO_KUBECONFIG = 'http://localhost:8080';

/**
 * From KUBECONFIG, ~/.kube/config, or the service account inside a cluster, whatever is in them. Throws KUBECONFIG_INVALID.
 * No setting names another file: a kubeconfig may name programs to run, and settings may come with somebody else's repository.
 */
export function libraryLogin(wanted: string | undefined, file: string | undefined): Login {
  const kubeConfig = loadKubeConfig(wanted, file);
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const server = kubeConfig.getCurrentCluster()?.server;
  if (context === null || server === undefined) {
    throw new WpcloneError('KUBECONFIG_INVALID', 'The kubeconfig names no cluster to use.');
  }
  return {
    contextName: context.name,
    namespace: context.namespace,
    server,
    async credentials() {
      const request = new RequestContext(server, HttpMethod.GET);
      try {
        await kubeConfig.applySecurityAuthentication(request);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new WpcloneError('CLUSTER_AUTH', `The log-in of the kubeconfig failed: ${reason}`, { cause: error });
      }
      return { dispatcher: request.getDispatcher(), headers: request.getHeaders() };
    },
    kubeConfig: async () => kubeConfig,
  };
}

function loadKubeConfig(context: string | undefined, file: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (file === undefined) kubeConfig.loadFromDefault();
    else kubeConfig.loadFromFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WpcloneError('KUBECONFIG_INVALID', `The kubeconfig cannot be read: ${reason}`, { cause: error });
  }
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
