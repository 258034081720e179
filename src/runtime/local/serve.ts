import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { LocalInstanceRow } from '../../state/types.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { withLock } from './lock.ts';
import { choosePhp } from './php.ts';
import { waitUntil } from './process.ts';
import { isRunning, readWebServer, startWebServer, stopWebServer, webLog } from './web-server.ts';

/** Milliseconds: to wait for another wpclone that starts it, and for the port, which others may try out for a moment. */
const LOCK_LIMIT = 30_000;
const PORT_LIMIT = 5_000;

/** Starts the clone's web server unless it runs; its URL holds its port, so it must be the same one. Throws SERVER_FAILED. */
export async function serve(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Promise<void> {
  if (await isServing(home, row)) return;
  await withServerLock(home, row, context, async () => {
    if (!(await isServing(home, row))) await restart(home, row, context);
  });
}

/** Ends the requests that are being answered; the port is free for no longer than PHP takes to start. Throws SERVER_FAILED. */
export async function serveAnew(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Promise<void> {
  await withServerLock(home, row, context, () => restart(home, row, context));
}

async function isServing(home: LocalHome, row: LocalInstanceRow): Promise<boolean> {
  const known = await readWebServer(instancePaths(home.layout, row.id));
  return known !== undefined && (await isRunning(known));
}

const withServerLock = (home: LocalHome, row: LocalInstanceRow, context: WorkContext, work: () => Promise<void>) =>
  withLock(home.layout.locks, `web-${row.id}`, LOCK_LIMIT, context, work);

async function restart(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Promise<void> {
  const paths = instancePaths(home.layout, row.id);
  const program = (await readWebServer(paths))?.program ?? (await choosePhp(undefined, home.path)).program;
  // Workers may have outlived a first process that was killed, and hold the port.
  await stopWebServer(paths, context);
  const started = async () => (await startWebServer(paths, program, row.port, context)) !== undefined;
  if (!(await waitUntil(started, { every: 100, limit: PORT_LIMIT, signal: context.signal }, context))) {
    throw new WpcloneError('SERVER_FAILED', `Port ${row.port} of ${row.id} is taken by another program.`, {
      details: { log: webLog(paths) },
    });
  }
}
