import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AGENT_FILE } from '../../shared/agent-files.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { askAgent } from '../agent-socket.ts';
import type { Check, Machine } from './machine.ts';

const statusSchema = z.object({
  pid: z.number(),
  url: z.string(),
  version: z.string(),
  ready: z.boolean(),
  reason: z.string().optional(),
});

const check = (ok: boolean, detail: string): Check => ({ name: 'agent', ok, required: false, detail });

/** Whether the agent that commands ask takes jobs: the one that was named, or else that of this home, if one was started. */
export const checkAgent = (machine: Pick<Machine, 'home' | 'agent'>): Promise<Check> =>
  machine.agent === undefined ? checkOfHome(machine.home) : checkNamed(machine.agent);

async function checkNamed({ url, ask }: NonNullable<Machine['agent']>): Promise<Check> {
  try {
    const { version, runtime, draining } = await ask();
    return check(!draining, `${url}, wpclone ${version}, ${runtime}${draining ? ': it stops, and takes no jobs' : ''}`);
  } catch (error) {
    return check(false, `${url}: ${toWpcloneError(error).message}`);
  }
}

async function checkOfHome(home: string): Promise<Check> {
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
