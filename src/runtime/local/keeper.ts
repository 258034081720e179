import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../../shared/context.ts';
import { stopServer } from './database-server.ts';
import type { LocalHome } from './home.ts';
import { tryLock } from '../../shared/lock.ts';
import type { LocalLayout } from './layout.ts';
import { endOrphans } from './orphans.ts';
import { trimStores } from './stores.ts';
import { sweepInstances } from './sweep.ts';
import { keepTables } from './table-files.ts';

/** Milliseconds: the longest sleep between two looks, how soon it hears the bell, and how long it stays when there is no clone left. */
const LONGEST_SLEEP = 30_000;
const BELL_LIMIT = 1_000;
const IDLE_LIMIT = 60_000;
const LOCK = 'keeper';
const bellOf = ({ locks }: LocalLayout): string => join(locks, 'keeper.bell');

/** How a keeper that is started is told what may be kept of sources. It does not know where nobody tells it. */
export const keptVariables = (home: Pick<LocalHome, 'storesLimit' | 'keepRows'>): Record<string, string> => ({
  ...(home.storesLimit === undefined ? {} : { WPCLONE_SOURCES_LIMIT: String(home.storesLimit) }),
  ...(home.keepRows === undefined ? {} : { [KEEP_ROWS]: home.keepRows ? 'a-day' : 'with-clone' }),
});
const KEEP_ROWS = 'WPCLONE_KEEP_ROWS';

/** A program and its arguments that run `runKeeper` for this home. */
export type KeeperCommand = readonly [string, ...string[]];

/**
 * Removes clones at their end for as long as there are any; then stops the database server and returns. One per home:
 * a second one returns at once. When the home itself is deleted, it ends the servers that it left and returns.
 */
export async function runKeeper(started: LocalHome, context: WorkContext): Promise<void> {
  let home = started;
  const lock = tryLock(home.layout.locks, LOCK);
  if (lock === undefined) return;
  try {
    const before = await lastRung(home.layout);
    let emptySince: number | undefined;
    for (;;) {
      // Before all else: whatever looks after clones would make the folders again.
      if (!lock.isInPlace()) return await endOrphans(home.layout, context);
      const heard = await lastRung(home.layout);
      if (heard !== before) home = await asRung(home);
      await sweepInstances(home, context).catch((error: unknown) =>
        context.log.warn('sweep failed', { error: String(error) }),
      );
      await trimStores(home, context).catch((error: unknown) => {
        context.signal.throwIfAborted();
        context.log.warn('trimming failed', { error: String(error) });
      });
      await keepTables(home, context).catch((error: unknown) => {
        context.signal.throwIfAborted();
        context.log.warn('keeping tables failed', { error: String(error) });
      });
      const units = await home.state.units.list();
      emptySince = units.length === 0 ? (emptySince ?? context.now()) : undefined;
      const idle = emptySince !== undefined && context.now() - emptySince >= IDLE_LIMIT;
      // A unit that is begun now has its row before it connects; one that is begun later starts the server again by itself.
      const isNeeded = async () => (await home.state.units.list()).length > 0;
      if (idle && (await stopServer(home.layout, context, isNeeded))) return;
      const ends = units.flatMap(({ clone }) => (clone === null ? [] : [clone.expiresAt - context.now()]));
      const next = Math.min(LONGEST_SLEEP, ...ends);
      const until = context.now() + Math.max(next, BELL_LIMIT);
      while (context.now() < until && lock.isInPlace() && (await lastRung(home.layout)) === heard)
        await context.sleep(BELL_LIMIT, context.signal);
    }
  } finally {
    lock.release();
  }
}

/** When somebody last had news for it, in milliseconds since the epoch; 0: never. */
const lastRung = (layout: LocalLayout): Promise<number> =>
  stat(bellOf(layout)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/**
 * Whether rows are kept is as whoever rang last has it: a setting that was taken back holds for clones that end by themselves, too. None
 * that are there already go for that, since another may want them.
 */
async function asRung(home: LocalHome): Promise<LocalHome> {
  const { keepRows: _, ...rest } = home;
  const word = await readFile(bellOf(home.layout), 'utf8').catch(() => '');
  if (word === 'a-day') return { ...rest, keepRows: true };
  return word === 'with-clone' ? rest : home;
}

/**
 * Starts the keeper when none runs, and has one that does look at once; it outlives this process and its terminal. `settings` are
 * environment variables for it.
 */
export function ensureKeeper(
  layout: LocalLayout,
  command: KeeperCommand,
  settings: Readonly<Record<string, string>> = {},
): void {
  const lock = tryLock(layout.locks, LOCK);
  if (lock === undefined) return writeFileSync(bellOf(layout), settings[KEEP_ROWS] ?? '');
  lock.release();
  const [program, ...args] = command;
  const keeper = spawn(program, args, {
    detached: true,
    cwd: layout.home,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      WPCLONE_HOME: layout.home,
      ...settings,
    },
  });
  keeper.once('error', () => undefined);
  keeper.unref();
}
