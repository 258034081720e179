import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { PortForward } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { codeOf } from '../../../shared/system.ts';
import { WEB_PORT } from '../../../sidecar/protocol.ts';
import type { Exposure } from '../../types.ts';
import type { Cluster } from '../api/client.ts';
import type { Unit } from './unit.ts';

/**
 * Whether a clone's address is one of this machine that `wpclone open` makes true. Clones of before 0.2 say `localhost`, which may
 * mean two addresses.
 */
export const isForwarded = ({ hostname }: URL): boolean => hostname === '127.0.0.1' || hostname === 'localhost';

/**
 * Makes the address of a clone without a domain true on this machine: listens on exactly the port that is in its URL, and
 * carries each connection to the pod through the API server. With a domain there is nothing to do.
 * Throws PORT_IN_USE when something else uses the port.
 */
export async function forwardPort(cluster: Cluster, unit: Unit, context: WorkContext): Promise<Exposure> {
  const url = new URL(unit.facts?.url ?? 'http://127.0.0.1');
  if (!isForwarded(url)) return { how: 'by-itself', url: url.href };
  const { PortForward } = await import('@kubernetes/client-node');
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // With the credentials of the moment: forwarding may go on for longer than a token lasts.
    const forward = cluster.kubeConfig().then((kubeConfig) => new PortForward(kubeConfig));
    carry(forward, cluster.namespace, unit.name, socket).catch((error: unknown) => {
      context.log.warn('a forwarded connection failed', { error: String(error) });
      socket.destroy();
    });
  };
  const servers: Server[] = [];
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  };
  context.signal.addEventListener('abort', close, { once: true });
  try {
    for (const host of addressesOf(url)) servers.push(await listen(createServer(serve), host, Number(url.port)));
  } catch (error) {
    close();
    throw error;
  }
  context.signal.throwIfAborted();
  return { how: 'forwarded', url: url.href };
}

/** All that the address may mean: where only one were held, another user of this machine could take the other. */
const addressesOf = ({ hostname }: URL): readonly string[] =>
  hostname === 'localhost' ? ['127.0.0.1', '::1'] : [hostname];

async function listen(server: Server, host: string, port: number): Promise<Server> {
  server.listen({ port, host });
  try {
    await once(server, 'listening');
    return server;
  } catch (cause) {
    // A machine without IPv6: nobody can listen there.
    if (host === '::1' && codeOf(cause) !== 'EADDRINUSE') return server;
    const message = `Port ${port} of this machine, which is part of the clone's address, is in use.`;
    throw new WpcloneError('PORT_IN_USE', message, { details: { port }, cause });
  }
}

/** One connection. The library reports the end of the pod's side by closing its socket. */
async function carry(forward: Promise<PortForward>, namespace: string, pod: string, socket: Socket): Promise<void> {
  const errors = new PassThrough();
  errors.resume();
  socket.on('error', () => socket.destroy());
  const channel = await (await forward).portForward(namespace, pod, [WEB_PORT], socket, errors, socket);
  if (typeof channel === 'function') return;
  channel.on('close', () => socket.end());
  channel.on('error', () => socket.destroy());
  socket.once('close', () => channel.close());
}
