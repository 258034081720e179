import { readdir } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { UnitRow } from '../../state/types.ts';
import type { SweepFailed } from '../types.ts';
import type { UnitState } from '../unit-states.ts';
import { databaseName, databasesOnDisk, dropDatabaseNamed } from './databases.ts';
import type { LocalHome } from './home.ts';
import { withLock } from '../../shared/lock.ts';
import { isLeased } from './lease.ts';
import { removeTaken, removeUnit } from './remove.ts';
import { servedBelow } from './web-server.ts';

const REMOVING = '.removing';

/** Whether what has ended by the clock goes too, or only what belonged to a process that is gone. */
type SweepScope = 'all' | 'left-by-the-dead';

/** Held while leftovers are looked for and removed; milliseconds to wait for it. */
const SWEEP_LOCK = 'sweep';
const SWEEP_LIMIT = 120_000;
/** Milliseconds that a unit which cannot be handed out is kept for somebody to look at. */
const QUARANTINE_LIMIT = 3600 * 1000;
/** Milliseconds after which a unit that waits for a clone, and that nobody has looked at, is given up. */
const WARM_LIMIT = 24 * 3600 * 1000;

/**
 * Removes instances whose wpclone died half-way, those whose time is over, and folders and databases that belong to none.
 * Costs a few reads when there is nothing to do; the database server is only started when there is. What cannot be removed now
 * is told to `failed` and left to the next sweep. Returns the names of what was removed.
 */
export async function sweepInstances(
  home: LocalHome,
  context: WorkContext,
  failed: SweepFailed = () => undefined,
  scope: SweepScope = 'all',
): Promise<readonly string[]> {
  if ((await findLeftovers(home, scope, context)).length === 0 && !(await isRemovalUnderWay(home))) return [];
  // One at a time: two sweeps would remove the same things under each other.
  return withLock(home.layout.locks, SWEEP_LOCK, SWEEP_LIMIT, context, async () => {
    const removed: string[] = [];
    for (const leftover of await findLeftovers(home, scope, context)) {
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

/** Another sweep, such as the keeper's, may be removing what this one would: it is waited for, so that nothing half removed is listed. */
const isRemovalUnderWay = async (home: LocalHome): Promise<boolean> =>
  (await home.state.units.list()).some(({ state }) => state === 'DELETING');

interface Leftover {
  readonly name: string;
  /** Says whether it was still left over. */
  remove(): Promise<boolean>;
}

async function findLeftovers(home: LocalHome, scope: SweepScope, context: WorkContext): Promise<readonly Leftover[]> {
  // Rows are listed last: an instance that is made meanwhile has its row before all else.
  const [folders, served, databases] = await Promise.all([
    readdir(home.layout.instances).catch(() => []),
    servedBelow(home.layout.instances),
    databasesOnDisk(home.layout),
  ]);
  const units = await home.state.units.list();
  const over = await Promise.all(units.map(async (unit) => ((await isOver(unit, scope, context)) ? [unit] : [])));
  const names = new Set(units.map((unit) => unit.name));
  const strays = new Set(
    [...folders.map((name) => name.replace(REMOVING, '')), ...served].filter((name) => !names.has(name)),
  );
  const databasesOfNone = new Set(databases);
  for (const name of [...names, ...strays]) databasesOfNone.delete(databaseName(name));
  return [
    ...over.flat().map((unit) => ({
      name: unit.clone?.id ?? unit.name,
      remove: () => removeUnlessBusy(home, unit, context),
    })),
    ...[...strays].map((name) => ({
      name,
      remove: () => unlessTaken(home, databaseName(name), () => removeUnit(home, name, context)),
    })),
    ...[...databasesOfNone].map((name) => ({
      name,
      remove: () => unlessTaken(home, name, () => dropDatabaseNamed(home.layout, name, context)),
    })),
  ];
}

/** Those before it may have taken long to remove: a unit that was begun meanwhile may have the name, and with it the database. */
async function unlessTaken(home: LocalHome, database: string, remove: () => Promise<void>): Promise<boolean> {
  if ((await home.state.units.list()).some(({ name }) => databaseName(name) === database)) return false;
  await remove();
  return true;
}

/** Leaves a unit alone that somebody has begun to work on, or given more time, since it was looked at. */
async function removeUnlessBusy(home: LocalHome, seen: UnitRow, context: WorkContext): Promise<boolean> {
  try {
    await removeTaken(home, seen, context);
    return true;
  } catch (error) {
    if (error instanceof WpcloneError && error.code === 'BUSY') return false;
    throw error;
  }
}

/** States in which a unit is only while a job works on it. */
const WORKED_ON: ReadonlySet<UnitState> = new Set(['CREATING', 'VALIDATING', 'ASSIGNED', 'DELETING']);

async function isOver(unit: UnitRow, scope: SweepScope, context: WorkContext): Promise<boolean> {
  if (await isLeased(unit)) return false;
  if (scope === 'left-by-the-dead') return WORKED_ON.has(unit.state);
  return WORKED_ON.has(unit.state) || dueTimesOf(unit).some((time) => time <= context.now());
}

/** When a unit is to go. */
export const dueTimesOf = ({ state, stateSince, provenAt, createdAt, clone }: UnitRow): readonly number[] => [
  ...(state === 'WARM' ? [(provenAt ?? createdAt) + WARM_LIMIT] : []),
  ...(state === 'QUARANTINED' ? [stateSince + QUARANTINE_LIMIT] : []),
  ...(clone === null ? [] : [clone.expiresAt]),
];
