import { rename } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import { isAccessible } from '../../shared/system.ts';
import type { UnitRow } from '../../state/types.ts';
import { databaseName, databasesOnDisk, dropDatabase } from './databases.ts';
import { keepRowsOf } from './earlier.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { endLease, holds, leaseForRemoval } from './lease.ts';
import { stopWebServer } from './web-server.ts';

/**
 * Removes all of a unit: processes, database, folder, and last its row, so that whatever stops this half-way leaves the
 * row by which the next sweep goes on. May be called for what is already gone.
 */
export async function removeUnit(home: LocalHome, name: string, context: WorkContext): Promise<void> {
  const paths = instancePaths(home.layout, name);
  await stopWebServer(paths, context);
  const unit = await home.state.units.find(name);
  if (holds(unit)) await keepRowsOf(home, unit, context);
  await Promise.all([removeFolder(paths.folder), removeDatabase(home, name, context)]);
  await home.state.units.remove(name);
}

/**
 * As `removeUnit`, after the unit was taken for that; `seen` is how its row was when it was decided. When it cannot be
 * removed now, whoever tries next may take it: this process may go on for days. Throws BUSY.
 */
export async function removeTaken(home: LocalHome, seen: UnitRow, context: WorkContext): Promise<void> {
  const taken = await leaseForRemoval(home, seen, context);
  if (taken === undefined) return;
  try {
    await removeUnit(home, taken.name, context);
  } catch (error) {
    await endLease(home, taken, {});
    throw error;
  }
}

async function removeDatabase(home: LocalHome, name: string, context: WorkContext): Promise<void> {
  const names = await databasesOnDisk(home.layout);
  if (names.includes(databaseName(name))) await dropDatabase(home.layout, name, context);
}

/** Renamed first: a folder that is half removed must not be taken for an instance. */
async function removeFolder(folder: string): Promise<void> {
  const doomed = `${folder}.removing`;
  await removeTree(doomed);
  if (!(await isAccessible(folder))) return;
  await rename(folder, doomed);
  await removeTree(doomed);
}
