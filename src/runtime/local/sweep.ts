import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { LocalInstanceRow } from '../../state/types.ts';
import type { SweepFailed } from '../types.ts';
import { databaseName, databasesOnDisk, dropDatabaseNamed } from './databases.ts';
import type { LocalHome } from './home.ts';
import { storePath } from './layout.ts';
import { withLock } from './lock.ts';
import { isLeased } from './lease.ts';
import { SWEEP_LIMIT, SWEEP_LOCK } from './provision.ts';
import { removeClaimed, removeInstance } from './remove.ts';
import { servedBelow } from './web-server.ts';

const REMOVING = '.removing';

/**
 * Removes instances whose wpclone died half-way, those whose time is over, and folders and databases that belong to none.
 * Costs a few reads when there is nothing to do; the database server is only started when there is. What cannot be removed now
 * is told to `failed` and left to the next sweep. Returns the names of what was removed.
 */
export async function sweepInstances(
  home: LocalHome,
  context: WorkContext,
  failed: SweepFailed = () => undefined,
): Promise<readonly string[]> {
  await sweepStores(home, context);
  if ((await findLeftovers(home, context)).length === 0) return [];
  // One at a time: two sweeps would remove the same things under each other.
  return withLock(home.layout.locks, SWEEP_LOCK, SWEEP_LIMIT, context, async () => {
    const removed: string[] = [];
    for (const leftover of await findLeftovers(home, context)) {
      try {
        if (await leftover.remove()) removed.push(leftover.name);
      } catch (error) {
        context.signal.throwIfAborted();
        context.log.warn('could not remove', { clone: leftover.name, error: toWpcloneError(error).message });
        failed(leftover.name, toWpcloneError(error));
      }
    }
    return [...new Set(removed)];
  });
}

interface Leftover {
  readonly name: string;
  /** Says whether it was still left over. */
  remove(): Promise<boolean>;
}

/** Milliseconds that the files of a source are kept for its next clone after its last one is gone. */
const STORE_LIMIT = 24 * 3600 * 1000;

/** Removes what is kept of sources that have had no clone for a day: it is somebody's data, and it takes room. */
async function sweepStores(home: LocalHome, context: WorkContext): Promise<void> {
  const { layout, state } = home;
  const used = new Set(state.instances.list().map((row) => storePath(layout, row.sourceUrl)));
  for (const name of await readdir(layout.stores).catch(() => [])) {
    const store = join(layout.stores, name);
    if (used.has(store)) continue;
    const { mtimeMs } = await stat(store);
    if (mtimeMs + STORE_LIMIT < context.now()) await rm(store, { recursive: true, force: true });
  }
}

async function findLeftovers(home: LocalHome, context: WorkContext): Promise<readonly Leftover[]> {
  // Rows are listed last: an instance that is made meanwhile has its row before all else.
  const [folders, served, databases] = await Promise.all([
    readdir(home.layout.instances).catch(() => []),
    servedBelow(home.layout.instances),
    databasesOnDisk(home.layout),
  ]);
  const rows = home.state.instances.list();
  const over = await Promise.all(rows.map(async (row) => ((await isOver(row, context)) ? [row] : [])));
  const ids = new Set(rows.map((row) => row.id));
  const strays = new Set(
    [...folders.map((name) => name.replace(REMOVING, '')), ...served].filter((id) => !ids.has(id)),
  );
  const databasesOfNone = new Set(databases);
  for (const id of [...ids, ...strays]) databasesOfNone.delete(databaseName(id));
  return [
    ...over.flat().map((row) => ({ name: row.id, remove: () => removeUnlessBusy(home, row, context) })),
    ...[...strays].map((name) => ({
      name,
      remove: () => unlessTaken(home, databaseName(name), () => removeInstance(home, name, context)),
    })),
    ...[...databasesOfNone].map((name) => ({
      name,
      remove: () => unlessTaken(home, name, () => dropDatabaseNamed(home.layout, name, context)),
    })),
  ];
}

/** Those before it may have taken long to remove: a clone that began meanwhile may have the name, and with it the database. */
async function unlessTaken(home: LocalHome, database: string, remove: () => Promise<void>): Promise<boolean> {
  if (home.state.instances.list().some(({ id }) => databaseName(id) === database)) return false;
  await remove();
  return true;
}

/** Leaves a clone alone that somebody has begun to work on, or given more time, since it was looked at. */
async function removeUnlessBusy(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Promise<boolean> {
  try {
    await removeClaimed(home, row, context);
    return true;
  } catch (error) {
    if (error instanceof WpcloneError && error.code === 'BUSY') return false;
    throw error;
  }
}

async function isOver(row: LocalInstanceRow, context: WorkContext): Promise<boolean> {
  if (await isLeased(row)) return false;
  return (
    row.state === 'creating' || row.state === 'failed' || row.state === 'expired' || row.expiresAt <= context.now()
  );
}
