import { existsSync } from 'node:fs';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { UnitRow } from '../../state/types.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { withLock } from '../../shared/lock.ts';
import { waitUntil } from '../../shared/wait-until.ts';
import { choosePhp } from './php.ts';
import { isRunning, readWebServer, startWebServer, stopWebServer, webLog } from './web-server.ts';

/** Milliseconds: to wait for another wpclone that starts it, and for the port, which others may try out for a moment. */
const LOCK_LIMIT = 30_000;
const PORT_LIMIT = 5_000;

/** Starts the clone's web server unless it runs; its URL holds its port, so it must be the same one. Throws SERVER_FAILED. */
export async function serve(home: LocalHome, unit: UnitRow, context: WorkContext): Promise<void> {
  if (await isServing(home, unit)) return;
  await withServerLock(home, unit, context, async () => {
    if (!(await isServing(home, unit))) await restart(home, unit, context);
  });
}

/** Ends the requests that are being answered; the port is free for no longer than PHP takes to start. Throws SERVER_FAILED. */
export async function serveAnew(home: LocalHome, unit: UnitRow, context: WorkContext): Promise<void> {
  await withServerLock(home, unit, context, () => restart(home, unit, context));
}

/** As `serveAnew`, with another PHP. Throws SERVER_FAILED. */
export async function serveWith(home: LocalHome, unit: UnitRow, program: string, context: WorkContext): Promise<void> {
  await withServerLock(home, unit, context, () => restart(home, unit, context, program));
}

async function isServing(home: LocalHome, unit: UnitRow): Promise<boolean> {
  const known = await readWebServer(instancePaths(home.layout, unit.name));
  return known !== undefined && (await isRunning(known));
}

const withServerLock = (home: LocalHome, unit: UnitRow, context: WorkContext, work: () => Promise<void>) =>
  withLock(home.layout.locks, `web-${unit.name}`, LOCK_LIMIT, context, work);

async function restart(home: LocalHome, unit: UnitRow, context: WorkContext, wanted?: string): Promise<void> {
  const paths = instancePaths(home.layout, unit.name);
  if (!existsSync(paths.folder)) throw gone(unit, paths.folder);
  const program = wanted ?? (await readWebServer(paths))?.program ?? (await choosePhp(undefined, home.path)).program;
  // Workers may have outlived a first process that was killed, and hold the port.
  await stopWebServer(paths, context);
  const started = async () => (await startWebServer(paths, program, unit.port, context)) !== undefined;
  if (!(await waitUntil(started, { every: 100, limit: PORT_LIMIT, signal: context.signal }, context))) {
    throw new WpcloneError(
      'SERVER_FAILED',
      `Port ${unit.port} of ${unit.clone?.id ?? unit.name} is taken by another program.`,
      {
        details: { log: webLog(paths) },
      },
    );
  }
}

/** Somebody removed it, or the state came from another machine. */
const gone = ({ name, clone }: UnitRow, folder: string): WpcloneError =>
  new WpcloneError('CLONE_GONE', `The files of ${clone?.id ?? name} are not here: there is no ${folder}.`, {
    details: { name: clone?.id ?? name, folder },
  });
