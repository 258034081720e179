import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, createServer, isIP, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { makeTemp } from '../support/temp.ts';

/** Stands between one test and the API server, so that it can go away for this test alone. */
export interface ApiServerProxy {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
  /** Nobody gets in, and who is in is thrown out. */
  goAway(): void;
  comeBack(): void;
  /** Cuts the connections there are; new ones are let through. */
  cut(): void;
  /** Lets nothing more come back on the connections there are, though they stay open. */
  freeze(): void;
  /** The same for every connection made from now on, when this many bytes have come back on it. */
  freezeAfter(bytes: number): void;
  connections(): number;
  stop(): Promise<void>;
}

export async function apiServerProxy(): Promise<ApiServerProxy> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const real = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const pairs = new Set<readonly [Socket, Socket]>();
  let away = false;
  let limit = Infinity;

  const server = createServer((inner) => {
    inner.on('error', () => undefined);
    if (away) return inner.resetAndDestroy();
    const outer = connect(Number(real.port === '' ? 443 : real.port), real.hostname);
    outer.on('error', () => inner.destroy());
    const pair = [inner, outer] as const;
    pairs.add(pair);
    inner.once('close', () => (outer.destroy(), pairs.delete(pair)));
    outer.once('close', () => inner.destroy());
    inner.pipe(outer);
    outer.pipe(inner);
    const allowed = limit;
    outer.on('data', () => {
      if (outer.bytesRead > allowed) outer.unpipe(inner);
    });
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const config = JSON.parse(kubeConfig.exportConfig());
  for (const { cluster } of config.clusters) {
    cluster.server = `https://127.0.0.1:${port}`;
    if (isIP(real.hostname) === 0) cluster['tls-server-name'] = real.hostname;
  }
  const kubeconfig = join(makeTemp('kubeconfig'), `config-${randomBytes(2).toString('hex')}`);
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });

  const cut = () => {
    for (const [inner] of pairs) inner.resetAndDestroy();
  };
  return {
    kubeconfig,
    goAway() {
      away = true;
      cut();
    },
    comeBack: () => {
      away = false;
    },
    cut,
    freeze() {
      for (const [inner, outer] of pairs) outer.unpipe(inner);
    },
    freezeAfter(bytes) {
      limit = bytes;
    },
    connections: () => pairs.size,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
