import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AGENT_FILE } from '../../shared/agent-files.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { askAgent } from '../agent-socket.ts';
import type { Check, Machine } from './checks.ts';

const statusSchema = z.object({
  pid: z.number(),
  url: z.string(),
  version: z.string(),
  ready: z.boolean(),
  reason: z.string().optional(),
});

/** Whether the agent of this home, if one was started, takes jobs. */
export async function checkAgent({ home }: Pick<Machine, 'home'>): Promise<Check> {
  const check = (ok: boolean, detail: string): Check => ({ name: 'agent', ok, required: false, detail });
  if (!existsSync(join(home, AGENT_FILE))) return check(true, 'none runs here');
  try {
    const status = statusSchema.parse(await askAgent(home, 'GET', '/api/v2/agent/status'));
    const { url, pid, version, ready, reason = '' } = status;
    return check(ready, `${url}, process ${pid}, wpclone ${version}${ready ? '' : `: takes no jobs, ${reason}`}`);
  } catch (error) {
    const { code, message } = toWpcloneError(error);
    return check(false, code === 'NO_AGENT' ? 'it was killed, or does not answer: start it again' : message);
  }
}
