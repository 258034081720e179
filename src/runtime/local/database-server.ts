import { spawn } from 'node:child_process';
import { mkdir, open, readFile, readlink, rename, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { codeOf, isAccessible } from '../../shared/system.ts';
import { connectWithAllRights, givePassword } from './database-administrator.ts';
import { databaseFailure, lastError } from './database-failure.ts';
import { installDatabase } from './database-install.ts';
import type { DatabaseLayout, LocalLayout } from './layout.ts';
import { withLock } from '../../shared/lock.ts';
import { makePrivateFolder } from '../../shared/private-folder.ts';
import { identityOf, isAlive, sendSignal } from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';
import { findProgram } from './programs.ts';

/** Milliseconds: to wait for another wpclone that starts the server, for it to accept connections, and for it to end. */
const LOCK_LIMIT = 60_000;
const START_LIMIT = 60_000;
const STOP_LIMIT = 30_000;
/** Milliseconds until a server greets, and until one that does not is taken for hung and replaced under whatever uses it. */
const GREETING_LIMIT = 5_000;
const HUNG_LIMIT = 15_000;

/**
 * A connection with all rights to wpclone's own MariaDB server, which is set up and started when it does not run.
 * Throws MARIADB_MISSING, DATABASE_FAILED.
 */
export async function connectAsAdministrator(layout: LocalLayout, context: WorkContext): Promise<Connection> {
  const running = await tryConnect(layout.database, GREETING_LIMIT);
  if (running !== undefined) return running;
  return withLock(layout.locks, 'mariadb', LOCK_LIMIT, context, async () => {
    const started = await tryConnect(layout.database, HUNG_LIMIT);
    if (started !== undefined) return started;
    await startServer(layout.database, context);
    return connectWithAllRights(layout.database, GREETING_LIMIT);
  });
}

/** Starts the server where it does not run. */
export async function wakeDatabase(layout: LocalLayout, context: WorkContext): Promise<void> {
  const connection = await connectAsAdministrator(layout, context);
  await connection.end();
}

/** Stops the server when it runs, unless it is needed after all; says whether it is stopped. Its data stay. */
export async function stopServer(
  layout: LocalLayout,
  context: WorkContext,
  isNeeded: () => Promise<boolean> = async () => false,
): Promise<boolean> {
  const { database } = layout;
  return withLock(layout.locks, 'mariadb', LOCK_LIMIT, context, async () => {
    // Whoever connects from here on has to wait for the lock; whoever has connected needs it, and says so before.
    const aside = `${database.socket}.aside`;
    await rename(database.socket, aside).catch(() => undefined);
    if (await isNeeded()) {
      await rename(aside, database.socket).catch(() => undefined);
      return false;
    }
    await endProcess(database, context);
    await rm(aside, { force: true });
    if (dirname(database.socket) !== database.folder)
      await rm(dirname(database.socket), { recursive: true, force: true });
    return true;
  });
}

/** Undefined when no server is there or it says nothing. One that refuses is alive: clones work with it. Then throws DATABASE_FAILED. */
async function tryConnect(layout: DatabaseLayout, limit: number): Promise<Connection | undefined> {
  try {
    return await connectWithAllRights(layout, limit);
  } catch (error) {
    if (codeOf(error)?.startsWith('ER_') !== true) return undefined;
    const { message } = toWpcloneError(error);
    throw new WpcloneError('DATABASE_FAILED', `The database server refuses a connection: ${message}`, {
      cause: error,
      details: { log: layout.log },
    });
  }
}

async function startServer(layout: DatabaseLayout, context: WorkContext): Promise<void> {
  const program = await findProgram('mariadbd', process.env['PATH'] ?? '');
  if (program === undefined)
    throw new WpcloneError('MARIADB_MISSING', 'The MariaDB server (mariadbd) is not installed.');
  // A server that lost its socket (a cleaned /tmp) cannot be talked to any more, and would keep the data locked.
  await endProcess(layout, context);
  await preparePrivateFolder(dirname(layout.socket));
  await mkdir(layout.temporary, { recursive: true, mode: 0o700 });
  if (!(await isAccessible(join(layout.data, 'mysql')))) await installDatabase(layout, context);
  await rm(layout.socket, { force: true });
  await launch(program, layout, context);
}

async function launch(program: string, layout: DatabaseLayout, context: WorkContext): Promise<void> {
  await rename(layout.log, `${layout.log}.1`).catch(() => undefined);
  const log = await open(layout.log, 'a', 0o600);
  try {
    const server = spawn(program, serverArguments(layout), {
      detached: true,
      cwd: layout.folder,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    });
    let ended = false;
    server.once('exit', () => (ended = true));
    server.once('error', () => (ended = true));
    server.unref();
    const options = { every: 10, limit: START_LIMIT, signal: context.signal };
    const ready = async () => ended || (await accepts(layout));
    const answered = await waitUntil(ready, options, context).catch(async (error: unknown) => {
      server.kill('SIGKILL');
      throw error;
    });
    if (!answered || ended) {
      server.kill('SIGKILL');
      const reason = ended ? 'ended while it started' : 'does not answer';
      const said = await lastWords(layout);
      throw databaseFailure(`The database server ${reason}: ${lastError(said)}`, said.join('\n'), layout);
    }
    await givePassword(layout, GREETING_LIMIT, context);
  } finally {
    await log.close();
  }
}

async function accepts(layout: DatabaseLayout): Promise<boolean> {
  if (!(await isAccessible(layout.socket))) return false;
  const connection = await tryConnect(layout, GREETING_LIMIT);
  await connection?.end();
  return connection !== undefined;
}

/**
 * Settings for data that can be copied again: nothing waits for the disk. A killed server loses nothing that was committed; a
 * power failure may lose the clones.
 */
function serverArguments(layout: DatabaseLayout): string[] {
  const quarterOfMemory = Math.floor(totalmem() / 4 / 2 ** 20);
  const pool = Math.max(64, Math.min(512, quarterOfMemory));
  return [
    '--no-defaults',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--datadir=${layout.data}`,
    `--socket=${layout.socket}`,
    `--pid-file=${layout.pidFile}`,
    `--tmpdir=${layout.temporary}`,
    '--skip-networking',
    '--skip-name-resolve',
    '--skip-log-bin',
    // A table lies in its database's folder and nowhere else (DATA DIRECTORY).
    '--skip-symbolic-links',
    '--local-infile=1',
    '--performance-schema=off',
    // From 2 on every connection that a transfer lets go is a warning, in the logs of all clones.
    '--log-warnings=1',
    '--event-scheduler=off',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_ci',
    '--sql-mode=NO_ENGINE_SUBSTITUTION',
    '--max-allowed-packet=1G',
    '--max-connections=300',
    '--net-read-timeout=600',
    '--net-write-timeout=600',
    '--innodb-strict-mode=OFF',
    '--innodb-flush-log-at-trx-commit=2',
    '--innodb-doublewrite=0',
    '--innodb-log-file-size=512M',
    '--innodb-log-buffer-size=64M',
    '--innodb-io-capacity=4000',
    `--innodb-buffer-pool-size=${pool}M`,
    '--innodb-buffer-pool-dump-at-shutdown=0',
    '--innodb-buffer-pool-load-at-startup=0',
    '--innodb-fast-shutdown=1',
  ];
}

/** Ends the process named in the pid file when it is this folder's server: its working folder is the data folder. */
async function endProcess(layout: DatabaseLayout, context: WorkContext): Promise<void> {
  const pid = Number(await readFile(layout.pidFile, 'latin1').catch(() => ''));
  const identity = pid > 0 ? await identityOf(pid) : undefined;
  if (identity === undefined || !(await worksIn(pid, layout.data))) return;
  sendSignal(pid, 'SIGTERM');
  const gone = async () => !(await isAlive(identity));
  if (await waitUntil(gone, { every: 10, limit: STOP_LIMIT }, context)) return;
  sendSignal(pid, 'SIGKILL');
  await waitUntil(gone, { every: 10, limit: STOP_LIMIT }, context);
}

async function worksIn(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder;
}

/** Throws DATABASE_FAILED. */
async function preparePrivateFolder(folder: string): Promise<void> {
  if (await makePrivateFolder(folder)) return;
  throw new WpcloneError('DATABASE_FAILED', `${folder} must be a folder of your own that nobody else may enter.`, {
    details: { log: folder },
  });
}

const lastWords = async ({ log }: DatabaseLayout): Promise<readonly string[]> =>
  (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n');
