import { writeFile } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { readStat } from '../../shared/process.ts';
import { codeOf } from '../../shared/system.ts';
import { waitUntil } from '../../shared/wait-until.ts';

/** As nice(1) counts: a third of what others get when all want the processor; all of it when nobody else does. */
const NICENESS = '5';
/** The weight of nine that want the processor: what an agent does itself is little, and somebody waits for it. */
const OWN_NICENESS = '-10';
/** Milliseconds: the kernel takes one such change in a tenth of a second from all who are not root. */
const AGAIN = { every: 30, limit: 3_000 };

/**
 * Lowers the priority of the process of a job: requests go before it where both want the processor. Linux weighs sessions against each other
 * (sched(7), "The autogroup feature"), and that process leads one, once it has begun. The servers that it starts lead sessions of their own,
 * so that what serves the clone, and the database of all clones, is nobody's second: a niceness would be inherited by them, and nobody but
 * root could take it back. Where the kernel knows no such groups, or weighs by others (a container's, a service's with a share of its own),
 * all stays as it is.
 */
export async function lowerPriority(pid: number | undefined, work: Pick<WorkContext, 'now' | 'sleep'>): Promise<void> {
  if (pid === undefined || process.platform !== 'linux') return;
  const write = async (): Promise<boolean> => {
    const stat = await readStat(pid);
    if (stat === undefined) return true;
    // Until then it is in the session of the agent, which must not go behind.
    if (stat.session !== pid) return false;
    try {
      await writeFile(`/proc/${pid}/autogroup`, NICENESS, { flag: 'r+' });
      return true;
    } catch (error) {
      // Whatever else it is, the work does not depend on it.
      return codeOf(error) !== 'EAGAIN';
    }
  };
  await waitUntil(write, AGAIN, work).catch(() => undefined);
}

/**
 * Raises the agent's own priority: it goes before what else runs on the machine, in the same way. Only root may be given that, and only an
 * agent that is a service leads a session: one at a terminal shares the shell's, and stays as it is.
 */
export async function raisePriority(): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    if ((await readStat(process.pid))?.session === process.pid)
      await writeFile('/proc/self/autogroup', OWN_NICENESS, { flag: 'r+' });
  } catch {
    // No right, or a kernel without such groups: it waits its turn.
  }
}
