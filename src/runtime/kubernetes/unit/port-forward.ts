import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { abortable } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { codeOf } from '../../../shared/system.ts';
import { WEB_PORT } from '../../../sidecar/protocol.ts';
import type { Exposure, ExposureEnded } from '../../types.ts';
import type { Cluster } from '../api/client.ts';
import type { Unit } from './unit.ts';
import { untilGone, whyRefused } from './why-refused.ts';

/**
 * Whether a clone's address is one of this machine that `wpclone open` makes true. Clones of before 0.2 say `localhost`, which may
 * mean two addresses.
 */
export const isForwarded = ({ hostname }: URL): boolean => hostname === '127.0.0.1' || hostname === 'localhost';

/**
 * Makes the address of a clone without a domain true on this machine: listens on exactly the port that is in its URL, and
 * carries each connection to the pod through the API server. With a domain there is nothing to do.
 * Throws PORT_IN_USE when something else uses the port, and why the cluster does not forward when it does not.
 */
export async function forwardPort(
  cluster: Cluster,
  unit: Unit,
  context: WorkContext,
  ended: ExposureEnded = () => undefined,
): Promise<Exposure> {
  const url = new URL(unit.facts?.url ?? 'http://127.0.0.1');
  if (!isForwarded(url)) return { how: 'by-itself', url: url.href };
  const over = new AbortController();
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const failed = async (error: unknown): Promise<void> => {
      socket.destroy();
      tell(await whyRefused(cluster, unit, error, context));
    };
    carry(cluster, unit.name, socket).catch(failed).catch(tell);
  };
  const tell = (error: unknown): void => {
    if (over.signal.aborted) return;
    const failure = toWpcloneError(error);
    if (!ENDS.includes(failure.code)) {
      context.emit({ type: 'warning', code: 'FORWARDING_INTERRUPTED', message: failure.message });
      return;
    }
    close();
    ended(failure);
  };
  const servers: Server[] = [];
  const close = (): void => {
    over.abort();
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  };
  context.signal.addEventListener('abort', close, { once: true });
  try {
    await tryOut(cluster, unit, context);
    for (const host of addressesOf(url)) servers.push(await listen(createServer(serve), host, Number(url.port)));
  } catch (error) {
    close();
    throw error;
  }
  context.signal.throwIfAborted();
  const signal = AbortSignal.any([context.signal, over.signal]);
  untilGone(cluster, unit, { ...context, signal }).then(tell, (error: unknown) => {
    if (!signal.aborted) context.log.debug('the pod cannot be watched', { error: String(error) });
  });
  return { how: 'forwarded', url: url.href };
}

/** After these no connection will ever be carried again; any other failure may be over when the next one comes. */
const ENDS: readonly ErrorCode[] = ['INSTANCE_LOST', 'CLUSTER_FORBIDDEN', 'CLUSTER_AUTH'];

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

/**
 * One connection, to its end. Throws what the pod says when nothing listens there, and the library's error when the API server
 * does not forward.
 */
async function carry(cluster: Cluster, pod: string, socket: Duplex): Promise<void> {
  socket.on('error', () => socket.destroy());
  const { channel, errors } = await connect(cluster, pod, socket);
  if (socket.destroyed) channel.close();
  socket.once('close', () => channel.close());
  const said = (await text(errors)).trim();
  if (said !== '') throw new WpcloneError('CLUSTER_FAILED', `The web server of the clone cannot be reached: ${said}`);
}

/** The library reports the end of the pod's side by closing its web socket. */
async function connect(cluster: Cluster, pod: string, socket: Duplex) {
  const { PortForward } = await import('@kubernetes/client-node');
  const errors = new PassThrough();
  // With the credentials of the moment: forwarding may go on for longer than a token lasts.
  const forward = new PortForward(await cluster.kubeConfig());
  const channel = await forward.portForward(cluster.namespace, pod, [WEB_PORT], socket, errors, socket);
  if (typeof channel === 'function') throw new WpcloneError('INTERNAL', 'The library forwards in another way.');
  channel.on('close', () => {
    socket.end();
    errors.end();
  });
  channel.on('error', () => socket.destroy());
  return { channel, errors };
}

/** A connection that nobody uses: whoever may not forward is told before a browser shows an empty page. */
async function tryOut(cluster: Cluster, unit: Unit, context: WorkContext): Promise<void> {
  const trial = connect(cluster, unit.name, new PassThrough()).then(({ channel }) => channel.close());
  await abortable(trial, context.signal).catch(async (error: unknown) => {
    context.signal.throwIfAborted();
    throw await whyRefused(cluster, unit, error, context);
  });
}
