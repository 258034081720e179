import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AgentDeps } from '../http/types.ts';
import { readinessOf } from '../http/routes/agent.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { codeOf } from '../../shared/system.ts';

/** What is told at this port. */
interface Sources extends Pick<AgentDeps, 'ready'> {
  readonly metrics: Pick<AgentDeps['metrics'], 'contentType' | 'text'>;
}

interface Told {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A port that asks for no token and answers `/metrics`, `/livez` and `/readyz`. Throws PORT_IN_USE. Returns how to close it. */
export async function openMetricsDoor(
  { host, port }: { readonly host: string; readonly port: number },
  sources: Sources,
): Promise<() => void> {
  const server = createServer(answering(sources));
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause;
    const message = `Another program listens on port ${port} of ${host}.`;
    throw new WpcloneError('PORT_IN_USE', message, { details: { port }, cause });
  }
  return () => {
    server.closeAllConnections();
    server.close();
  };
}

/** Answers GET and HEAD; Node.js leaves out the body of the latter. */
function answering(sources: Sources): RequestListener {
  const answers = answersOf(sources);
  return ({ method, url = '/' }, response) => {
    const answer = answers.get(url.replace(/\?.*$/s, ''));
    if (answer === undefined) {
      response.writeHead(404).end();
    } else if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      answer().then(
        ({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text),
        () => response.writeHead(503).end(),
      );
    }
  };
}

const answersOf = ({ metrics, ready }: Sources): ReadonlyMap<string, () => Promise<Told>> =>
  new Map([
    ['/metrics', async () => ({ status: 200, type: metrics.contentType, text: await metrics.text() })],
    ['/livez', async () => json(200, { ok: true })],
    [
      '/readyz',
      async () => {
        const { status, body } = await readinessOf(ready);
        return json(status, body);
      },
    ],
  ]);

const json = (status: number, body: object): Told => ({
  status,
  type: 'application/json; charset=utf-8',
  text: JSON.stringify(body),
});
