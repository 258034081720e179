import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Reach, targetWithin } from '../../reach.ts';

export interface Gate {
  readonly url: string;
  close(): void;
}

/**
 * A proxy on this machine through which a browser makes all its connections: only where one is made can it be seen that a name does not
 * lead out of the reach. The browser itself resolves nothing then.
 */
export async function openGate(reach: Reach): Promise<Gate> {
  const sockets = new Set<Duplex>();
  const server = createServer((asked, answer) => pass(reach, asked, answer));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (asked, socket, head) => tunnel(reach, asked, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** RFC 9110 section 9.3.6: https, and WebSockets. */
function tunnel(reach: Reach, { url = '' }: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  try {
    const { hostname, port } = new URL(`http://${url}`);
    const far = connect({ ...targetWithin(reach, hostname), port: Number(port || 80) });
    far.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => far.destroy());
    far.once('connect', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      far.write(head);
      far.pipe(socket).pipe(far);
    });
  } catch {
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  }
}

/** Plain http: the whole address stands in the first line (RFC 9112 section 3.2.2). */
function pass(reach: Reach, asked: IncomingMessage, answer: ServerResponse): void {
  try {
    const { hostname, port, pathname, search, protocol } = new URL(asked.url ?? '');
    if (protocol !== 'http:') throw new Error('no plain http');
    const { 'proxy-connection': _ours, ...headers } = asked.headers;
    const { method } = asked;
    const options = { ...targetWithin(reach, hostname), port: port || 80, path: pathname + search, method, headers };
    const far = request({ ...options, agent: false }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.statusMessage, got.rawHeaders);
      got.on('error', () => answer.destroy()).pipe(answer);
    });
    far.on('error', () => answer.destroy());
    answer.on('close', () => far.destroy());
    asked.pipe(far);
  } catch {
    answer.writeHead(403).end();
  }
}
