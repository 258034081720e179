import { request } from 'undici';
import type { Report } from './commands.ts';
import { processesOf, type TestNamespace } from './support.ts';

type Clone = Pick<Report, 'clone_id' | 'clone_url'>;

/** Asks a pod for a page of its clone, as a browser at the clone's own address would. */
export async function visit(namespace: TestNamespace, clone: Clone, path = '/') {
  const ip = (await namespace.get(`pods/wpclone-${clone.clone_id}`))?.status?.podIP;
  return request(`http://${ip}:8080${path}`, { headers: { host: new URL(clone.clone_url).host } });
}

/** The document root of a clone, seen from this machine, which is the node. */
export async function documentRoot(namespace: TestNamespace, { clone_id: id }: Clone): Promise<string> {
  const [pid] = await processesOf(namespace, `wpclone-${id}`, 'web');
  return `/proc/${pid}/root/wpclone/www`;
}
