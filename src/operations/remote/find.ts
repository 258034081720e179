import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_FILE, type AgentFile, agentFileSchema } from '../../shared/agent-files.ts';

/** What the agent of a home says of itself there; undefined when there is none. That it still runs is for its socket to tell. */
export function agentOfHome(home: string): AgentFile | undefined {
  try {
    const parsed = agentFileSchema.safeParse(JSON.parse(readFileSync(join(home, AGENT_FILE), 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
