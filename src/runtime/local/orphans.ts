import { readlink } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import type { LocalLayout } from './layout.ts';
import { commandLines, sendSignal } from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';

/** Milliseconds for a large home to be deleted, and for killed processes to be gone. */
const GONE_LIMIT = 60_000;

/**
 * Ends the servers of a home that was deleted under them. Nothing in it can say any more which they are: their command lines do.
 * They have nothing left to save, and a server that ends in an orderly way might write some of its home again.
 */
export async function endOrphans(layout: LocalLayout, context: WorkContext): Promise<void> {
  const found = new Set(await findServers(layout));
  // The folders of some may still be there: a deletion takes its time. Those of a home made anew in the same place stay.
  const gone = async () => {
    const left = (await findServers(layout)).filter((pid) => found.has(pid));
    for (const pid of left) if (await worksInDeletedFolder(pid)) sendSignal(pid, 'SIGKILL');
    return left.length === 0;
  };
  await waitUntil(gone, { every: 20, limit: GONE_LIMIT }, context);
}

async function findServers({ instances, database }: LocalLayout): Promise<readonly number[]> {
  const ours = (await commandLines()).filter(
    ({ words }) =>
      words.includes(`--datadir=${database.data}`) ||
      (words.includes('-S') && (words.at(-1) ?? '').startsWith(`${instances}/`)),
  );
  return ours.map(({ pid }) => pid);
}

/** Another wpclone may have made a home in the same place since, with servers of its own (proc(5), /proc/PID/cwd). */
async function worksInDeletedFolder(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')).endsWith(' (deleted)');
}
