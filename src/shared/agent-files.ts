import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from './json.ts';

/** What a running agent leaves in its home, so that commands there find it. */
export const AGENT_FILE = 'agent.json';
/** One line: a token for the home's owner (mode 0600). */
export const AGENT_TOKEN_FILE = 'agent.token';
/** Only the home's owner can open it (mode 0600). It asks for a token all the same: the code of local clones runs as that owner too. */
export const AGENT_SOCKET = 'agent.sock';

/** The content of AGENT_FILE. The file may be older than the agent: one whose socket refuses is gone. */
const agentFileSchema = z.object({
  pid: z.number(),
  /** The machine or container: a process id alone means nothing outside of it. */
  machine: z.string(),
  version: z.string(),
  /** Where it listens for HTTP; null when only on its socket. */
  url: z.string().nullable(),
  /** Absolute. Elsewhere than in the home where that path is too long for a socket (sun_path, unix(7)). */
  socket: z.string(),
  runtime: z.enum(['local', 'kubernetes']),
});
export type AgentFile = z.infer<typeof agentFileSchema>;

/** Undefined when a home has none, or none that can be understood. It may be of an agent that died: whoever calls it will see. */
export function readAgentFile(home: string): AgentFile | undefined {
  try {
    return agentFileSchema.safeParse(parseJson(readFileSync(join(home, AGENT_FILE), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
