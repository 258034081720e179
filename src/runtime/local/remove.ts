import { rename, rm } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { isAccessible } from '../../shared/system.ts';
import type { LocalInstanceRow } from '../../state/types.ts';
import { databaseName, databasesOnDisk, dropDatabase } from './databases.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { leaseForRemoval } from './lease.ts';
import { stopWebServer } from './web-server.ts';

/**
 * Removes all of an instance: processes, database, folder, and last its row, so that whatever stops this half-way leaves the
 * row by which the next sweep goes on. May be called for what is already gone.
 */
export async function removeInstance(home: LocalHome, id: string, context: WorkContext): Promise<void> {
  const paths = instancePaths(home.layout, id);
  await stopWebServer(paths, context);
  await Promise.all([removeFolder(paths.home), removeDatabase(home, id, context)]);
  home.state.instances.remove(id);
}

/**
 * As `removeInstance`, after the clone was taken for that; `seen` is how its row was when it was decided. When it cannot be
 * removed now, whoever tries next may take it: this process may go on for days. Throws BUSY.
 */
export async function removeClaimed(home: LocalHome, seen: LocalInstanceRow, context: WorkContext): Promise<void> {
  await leaseForRemoval(home, seen, context);
  try {
    await removeInstance(home, seen.id, context);
  } catch (error) {
    const claimed = home.state.instances.find(seen.id);
    if (claimed?.state === 'failed') home.state.instances.updateUnchanged(claimed, { owner: null });
    throw error;
  }
}

async function removeDatabase(home: LocalHome, id: string, context: WorkContext): Promise<void> {
  const names = await databasesOnDisk(home.layout);
  if (names.includes(databaseName(id))) await dropDatabase(home.layout, id, context);
}

/** Renamed first: a folder that is half removed must not be taken for an instance. */
async function removeFolder(folder: string): Promise<void> {
  const doomed = `${folder}.removing`;
  await rm(doomed, { recursive: true, force: true });
  if (!(await isAccessible(folder))) return;
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true, maxRetries: 3 });
}
