import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_FILE, type AgentFile, readAgentFile } from '../../shared/agent-files.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { type Lock, tryLock } from '../../shared/lock.ts';
import { writeWhole } from '../../shared/whole-file.ts';

/** Where locks are, as for the local runtime. */
const LOCKS = 'locks';
const LOCK = 'agent';

/** The right to be the agent of a home, from now until it is released or this process is gone. Throws AGENT_RUNNING. */
export function takeHome(home: string): Lock {
  const lock = tryLock(join(home, LOCKS), LOCK);
  if (lock !== undefined) return lock;
  const holder = readAgentFile(home);
  const who = holder === undefined ? '' : `: process ${holder.pid} on ${holder.machine}${at(holder)}`;
  throw new WpcloneError('AGENT_RUNNING', `Another agent runs on ${home}${who}.`, { details: { path: home } });
}

const at = ({ url }: AgentFile): string => (url === null ? '' : `, ${url}`);

/** Says in the home that an agent runs, and where. */
export const writeAgentFile = (home: string, file: AgentFile): Promise<void> =>
  writeWhole(join(home, AGENT_FILE), `${JSON.stringify(file)}\n`, 0o600);

/** Also where there is none. */
export const removeAgentFile = (home: string): void => rmSync(join(home, AGENT_FILE), { force: true });
