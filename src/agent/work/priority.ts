import { writeFile } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { codeOf } from '../../shared/system.ts';
import { waitUntil } from '../../shared/wait-until.ts';

/** As nice(1) counts: a third of what others get when all want the processor; all of it when nobody else does. */
const NICENESS = '5';
/** Milliseconds: the kernel takes one such change in a tenth of a second from all who are not root. */
const AGAIN = { every: 150, limit: 3_000 };

/**
 * Requests go before the process of a job where both want the processor. Linux weighs sessions against each other (sched(7), "The autogroup
 * feature"), and that process leads one. The servers that it starts lead sessions of their own, so that what serves the clone, and the database
 * of all clones, is nobody's second: a niceness would be inherited by them, and nobody but root could take it back. Where the kernel knows no
 * such groups, or weighs by others (a container's, a service's with a share of its own), all stays as it is.
 */
export async function letOthersGoFirst(
  pid: number | undefined,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): Promise<void> {
  if (pid === undefined || process.platform !== 'linux') return;
  const write = async (): Promise<boolean> => {
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
