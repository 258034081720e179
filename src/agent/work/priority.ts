import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { WorkContext } from '../../shared/context.ts';
import { readStat } from '../../shared/process.ts';
import { codeOf } from '../../shared/system.ts';
import { waitUntil } from '../../shared/wait-until.ts';

const run = promisify(execFile);

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
 * Raises the agent's own priority, in two ways, since somebody waits for the little that it does itself. Its main thread goes before all else on
 * the machine (sched(7), SCHED_RR): for each request it is woken three times by the disk alone, and beside four clones it waited four times as
 * long for the processor then as for the disk. That takes root, or a service that may (LimitRTPRIO). Its session, and with it its other threads
 * and a process that begins there, is weighed as above: only root may, and only a service leads a session. Where it may not, it waits its turn.
 */
export async function raisePriority(): Promise<void> {
  if (process.platform !== 'linux') return;
  await run('sh', ['-c', REAL_TIME, 'sh', String(process.pid)]).catch(() => undefined);
  try {
    if ((await readStat(process.pid))?.session === process.pid)
      await writeFile('/proc/self/autogroup', OWN_NICENESS, { flag: 'r+' });
  } catch {
    // No right, or a kernel without such groups.
  }
}

/**
 * By programs of util-linux; the chrt of BusyBox refuses these words. No other thread nor process inherits it, and without the limit no clone's
 * code can ask for it. A main thread that never rests leaves the others a twentieth of its processor (sched_rt_runtime_us).
 */
const REAL_TIME = 'chrt --rr --reset-on-fork --pid 1 "$1"; prlimit --pid "$1" --rtprio=0';
