import { createServer } from 'node:net';

/** Where clones listen; the first is what people see most. */
export const FIRST_PORT = 8101;
export const LAST_PORT = 8999;

/** Whether nobody listens on the port: `localhost` may mean either address, and both must be ours. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 says EADDRNOTAVAIL: then nobody can listen there.
    server.once('error', (error) => resolve('code' in error && error.code !== 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
