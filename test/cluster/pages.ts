import { readFileSync } from 'node:fs';
import { request } from 'undici';
import type { Report } from './commands.ts';
import { processesOf, type TestNamespace } from './support.ts';

type Clone = Pick<Report, 'clone_id' | 'clone_url'>;

/** Asks a pod for a page of its clone, as a browser at the clone's own address would. */
export async function visit(namespace: TestNamespace, clone: Clone, path = '/') {
  const ip = (await namespace.pod(clone.clone_id))?.status?.podIP;
  return request(`http://${ip}:8080${path}`, { headers: { host: new URL(clone.clone_url).host } });
}

/** The document root of a clone, seen from this machine, which is the node. */
export async function documentRoot(namespace: TestNamespace, { clone_id: id }: Clone): Promise<string> {
  const [pid] = await processesOf(namespace, await namespace.podName(id), 'web');
  return `/proc/${pid}/root/wpclone/www`;
}

/** True once something inside the pod listens at the port of a clone's address; else undefined. */
export async function listensAt(namespace: TestNamespace, pod: string, url: string): Promise<true | undefined> {
  const [pid] = await processesOf(namespace, pod, 'web');
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  // The kernel's table of the pod (proc(5), /proc/net/tcp): 0A is LISTEN.
  const sockets = readFileSync(`/proc/${pid}/net/tcp`, 'utf8');
  return new RegExp(` 0100007F:${port} \\S+ 0A `).test(sockets) ? true : undefined;
}
