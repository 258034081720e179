import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_TOKEN_FILE, type AgentFile, readAgentFile } from '../../shared/agent-files.ts';

/** An agent as its home knows it, with the token of the home's owner. */
export interface HomeAgent extends AgentFile {
  readonly token: string;
}

/** What the agent of a home says of itself there; undefined when there is none. That it still runs is for its socket to tell. */
export function agentOfHome(home: string): HomeAgent | undefined {
  const file = readAgentFile(home);
  if (file === undefined) return undefined;
  try {
    if (!isOwners(home, file.socket)) return undefined;
    return { ...file, token: readFileSync(join(home, AGENT_TOKEN_FILE), 'utf8').trim() };
  } catch {
    return undefined;
  }
}

/** A socket may lie under /tmp: once its agent has died and its folder is cleared away, anybody can put one there, and passwords go to it. */
function isOwners(home: string, socket: string): boolean {
  return [0, process.getuid?.(), statSync(home).uid].includes(statSync(socket).uid);
}
