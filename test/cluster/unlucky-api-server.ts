import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { makeTemp } from '../support/temp.ts';

export interface UnluckyApiServer {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
  /** The status of every answer that came from the API server, lost or not, by method and path. */
  readonly answers: Map<string, number[]>;
  stop(): Promise<void>;
}

const WRITES = ['POST', 'PATCH', 'DELETE'];

/**
 * The API server, as it is when it has too much to do: whatever is asked for the first time is told to come again (429), and
 * of whatever is written for the first time the answer gets lost, though it was done.
 */
export async function unluckyApiServer(): Promise<UnluckyApiServer> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const real = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const credentials: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(credentials);
  const refused = new Set<string>();
  const answers = new Map<string, number[]>();

  function forward(incoming: IncomingMessage, answer: ServerResponse, call: string): void {
    const { method = '', headers, url } = incoming;
    const target = {
      host: real.hostname,
      port: real.port,
      path: url,
      method,
      headers: { ...headers, host: real.host },
    };
    const outgoing = request({ ...credentials, ...target }, (said) => {
      const earlier = answers.get(call) ?? [];
      const loses = earlier.length === 0 && WRITES.includes(method) && !call.includes('/proxy/');
      answers.set(call, [...earlier, said.statusCode ?? 0]);
      if (loses) {
        said.resume().once('end', () => answer.destroy());
        return;
      }
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer((incoming, answer) => {
    const call = `${incoming.method} ${new URL(incoming.url ?? '', real).pathname}`;
    if (refused.has(call)) return forward(incoming, answer, call);
    refused.add(call);
    incoming.resume();
    answer.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '1' });
    answer.end('Too many requests, please try again later.\n');
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const kubeconfig = join(makeTemp('kubeconfig'), 'config');
  const name = 'unlucky';
  const config = {
    'current-context': name,
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    answers,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
