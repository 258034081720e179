import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { makeTemp } from '../support/temp.ts';

/** One call on its way to the API server. */
export interface PassingCall {
  /** Method and path, without the query. */
  readonly call: string;
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  /** Passes it on; `came` hears of the status of the answer before anything of it goes back, and says whether it does or gets lost. */
  readonly pass: (came?: (status: number) => 'passes' | 'is lost') => void;
}

export interface BetweenApiServer {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** Stands between a test and the API server, and hands each call to `handle`. */
export async function betweenApiServer(handle: (call: PassingCall) => void): Promise<BetweenApiServer> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const real = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const credentials: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(credentials);

  const server = createServer((incoming, answer) => {
    const { method = '', url, headers } = incoming;
    const target = {
      host: real.hostname,
      port: real.port,
      path: url,
      method,
      headers: { ...headers, host: real.host },
    };
    const pass: PassingCall['pass'] = (came = () => 'passes') => {
      const outgoing = request({ ...credentials, ...target }, (said) => {
        if (came(said.statusCode ?? 0) === 'is lost') return void said.resume().once('end', () => answer.destroy());
        answer.writeHead(said.statusCode ?? 502, said.headers);
        return void said.pipe(answer);
      });
      outgoing.on('error', () => answer.destroy());
      answer.once('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    };
    handle({ call: `${method} ${new URL(url ?? '', real).pathname}`, incoming, answer, pass });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const kubeconfig = join(makeTemp('kubeconfig'), 'config');
  const name = 'between';
  const config = {
    'current-context': name,
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
