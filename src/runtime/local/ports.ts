import { createServer } from 'node:net';

/** Where clones listen; the first is what people see most. */
export const FIRST_PORT = 8101;
export const LAST_PORT = 8999;

/** Whether nobody listens on the port at the address that clones have. */
export const isFree = (port: number): Promise<boolean> => canListen(port, '127.0.0.1');

/** Whether nobody listens at an address of this machine. */
export function canListen(port: number, host: '127.0.0.1' | '::1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 says EADDRNOTAVAIL: then nobody can listen there.
    server.once('error', (error) => resolve('code' in error && error.code !== 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
