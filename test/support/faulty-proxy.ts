import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What happens to one connection. */
export type Fault =
  /** The connection is reset once the other side has read so many bytes of the answer. */
  | { readonly cutAfter: number }
  /** As `cutAfter`, but the answer ends with a FIN, as when a process is killed behind a polite server. */
  | { readonly endAfter: number }
  /** A whole HTTP answer instead of the site's. */
  | { readonly reply: string }
  /** Bytes of the answer are flipped at this offset. */
  | { readonly damageAt: number };

export interface FaultyProxy {
  readonly port: number;
  readonly connections: () => number;
  /** How many clients are connected at the moment. */
  readonly open: () => number;
  stop(): Promise<void>;
}

/** A TCP proxy on loopback that does to its n-th connection (from 0) what `faultOf` says. */
export async function startFaultyProxy(
  target: number,
  faultOf: (connection: number) => Fault | undefined,
): Promise<FaultyProxy> {
  let count = 0;
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client.on('error', () => undefined));
    clients.add(client.on('close', () => clients.delete(client)));
    const fault = faultOf(count++);
    if (fault && 'reply' in fault) {
      client.once('data', () => client.end(fault.reply));
      return;
    }
    const site = connect(target, '127.0.0.1');
    open.add(site.on('error', () => client.destroy()));
    client.on('close', () => site.destroy());
    site.on('close', () => client.end());
    client.pipe(site);
    relay(site, client, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: () => count,
    open: () => clients.size,
    stop: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function relay(site: Socket, client: Socket, fault: Exclude<Fault, { reply: string }> | undefined): void {
  let sent = 0;
  site.on('data', (chunk) => {
    if (fault && 'damageAt' in fault && sent <= fault.damageAt && fault.damageAt < sent + chunk.length) {
      const at = fault.damageAt - sent;
      chunk[at] = (chunk[at] ?? 0) ^ 0x5a;
    }
    const limit =
      fault && 'cutAfter' in fault ? fault.cutAfter : fault && 'endAfter' in fault ? fault.endAfter : Infinity;
    const part = chunk.subarray(0, Math.max(0, limit - sent));
    sent += chunk.length;
    if (part.length > 0 && !client.write(part)) {
      site.pause();
      client.once('drain', () => site.resume());
    }
    if (sent < limit) return;
    site.removeAllListeners('close').destroy();
    if (fault && 'cutAfter' in fault) void resetOnceRead(client);
    else client.end();
  });
}

/** A reset throws away what is still on its way: without waiting, a busy machine decides how much of the answer arrives. */
async function resetOnceRead(client: Socket): Promise<void> {
  while (!client.destroyed && (client.writableLength > 0 || (await isOnItsWay(client)))) await delay(2);
  if (!client.destroyed) client.resetAndDestroy();
}

/** Whether bytes wait in the kernel, in either end's queue (proc(5), /proc/net/tcp: tx_queue and rx_queue). */
async function isOnItsWay({ localPort = 0, remotePort = 0 }: Socket): Promise<boolean> {
  const ends = [`${portText(localPort)} ${portText(remotePort)}`, `${portText(remotePort)} ${portText(localPort)}`];
  const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.some(
    ([, local, remote, , queues]) =>
      ends.includes(`${local?.split(':')[1]} ${remote?.split(':')[1]}`) && queues !== '00000000:00000000',
  );
}

const portText = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
