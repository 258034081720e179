import { randomBytes } from 'node:crypto';
import { connectCluster } from '../src/runtime/kubernetes/api/client.ts';
import { createHome, type Home } from './home.ts';

/** An address of this machine that pods reach, and the image that is there already. */
export const HOST = process.env['WPCLONE_TEST_HOST'] ?? '10.88.0.1';
const IMAGE = process.env['WPCLONE_TEST_IMAGE'] ?? 'docker.io/wpclone/instance:dev';

export interface OnCluster {
  readonly home: Home;
  /** What makes a command work there. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Works on the cluster that KUBECONFIG names, in a namespace of its own. */
export async function withNamespace<T>(work: (onCluster: OnCluster) => Promise<T>): Promise<T> {
  const namespace = `wpclone-bench-${randomBytes(3).toString('hex')}`;
  const cluster = await connectCluster({ namespace }, Date.now);
  const send = (method: 'POST' | 'DELETE', path: string, body?: object) =>
    cluster.send({ method, path, body, what: `${method} ${path}`, signal: AbortSignal.timeout(30_000) });
  await send('POST', 'api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const environment = {
    WPCLONE_RUNTIME: 'kubernetes',
    WPCLONE_KUBERNETES_NAMESPACE: namespace,
    WPCLONE_KUBERNETES_IMAGE: IMAGE,
  };
  const home = createHome(environment);
  try {
    return await work({ home, environment });
  } finally {
    await home.remove();
    await send('DELETE', `api/v1/namespaces/${namespace}`);
    await cluster.close();
  }
}
