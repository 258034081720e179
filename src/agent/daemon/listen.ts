import { chmodSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { AGENT_SOCKET } from '../../shared/agent-files.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { makePrivateFolder, socketFolder } from '../../shared/private-folder.ts';
import { codeOf } from '../../shared/system.ts';
import { OWNER } from '../access/token.ts';
import { createAgentApp } from '../http/app.ts';
import type { AgentDeps } from '../http/types.ts';
import type { AgentSettings } from './settings.ts';

/** The open doors. */
export interface Doors {
  readonly url: string;
  readonly socket: string;
  close(): Promise<void>;
}

/** What both doors lead to; who comes in and under which names differs. */
export type SharedDeps = Omit<AgentDeps, 'owner' | 'names'>;

/** Opens the socket of the home and the TCP port. Throws PORT_IN_USE, BAD_INPUT (not an address of this machine). */
export async function openDoors(settings: AgentSettings, deps: SharedDeps): Promise<Doors> {
  const socket = await socketPath(settings.operations.home);
  const inside = await createAgentApp({ ...deps, owner: undefined, names: 'any' });
  const outside = await createAgentApp(
    { ...deps, owner: settings.open ? OWNER : undefined, names: namesOf(settings) },
    settings.tls,
  );
  const close = async (): Promise<void> => {
    await Promise.all([inside.close(), outside.close()]);
    rmSync(socket, { force: true });
  };
  try {
    // Of an agent that died: this one holds the home.
    rmSync(socket, { force: true });
    await inside.listen({ path: socket });
    chmodSync(socket, 0o600);
    const url = await listenOnTcp(outside, settings);
    return { url, socket, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function socketPath(home: string): Promise<string> {
  const path = join(socketFolder(home, AGENT_SOCKET, home), AGENT_SOCKET);
  if (dirname(path) !== home && !(await makePrivateFolder(dirname(path)))) {
    throw new WpcloneError(
      'STATE_FAILED',
      `${dirname(path)} must be a folder of your own that nobody else may enter.`,
      {
        details: { path: dirname(path) },
      },
    );
  }
  return path;
}

/** Addresses need no list: a foreign page can give a name to one, but the name is then what it calls. */
function namesOf({ host, hostNames }: AgentSettings): ReadonlySet<string> {
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  const addresses = [...own, '127.0.0.1', '::1'].map((each) => (each.includes(':') ? `[${each}]` : each));
  return new Set([host, 'localhost', ...addresses, ...hostNames].map((name) => name.toLowerCase()));
}

async function listenOnTcp(app: FastifyInstance, { host, port, tls }: AgentSettings): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') {
      const message = `Another program listens on port ${port} of ${host}.`;
      throw new WpcloneError('PORT_IN_USE', message, { details: { port }, cause: error });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      throw new WpcloneError('BAD_INPUT', `The agent cannot listen on ${host}:${port} (${code}).`, { cause: error });
    }
    throw error;
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}
