import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_FILE, type AgentFile, agentFileSchema } from '../../shared/agent-files.ts';

/** What the agent of a home says of itself there; undefined when there is none. That it still runs is for its socket to tell. */
export function agentOfHome(home: string): AgentFile | undefined {
  try {
    const parsed = agentFileSchema.safeParse(JSON.parse(readFileSync(join(home, AGENT_FILE), 'utf8')));
    return parsed.success && isOwners(home, parsed.data.socket) ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** A socket may lie under /tmp: once its agent has died and its folder is cleared away, anybody can put one there, and passwords go to it. */
function isOwners(home: string, socket: string): boolean {
  return [0, process.getuid?.(), statSync(home).uid].includes(statSync(socket).uid);
}
