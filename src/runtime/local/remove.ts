import { rename, rm } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { isAccessible } from '../../shared/system.ts';
import { databaseName, databasesOnDisk, dropDatabase } from './databases.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
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
