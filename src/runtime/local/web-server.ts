import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { InstancePaths } from '../../instance/types.ts';
import { writeWhole } from '../../shared/whole-file.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { saysItServes, saysPortIsTaken } from './php-log.ts';
import {
  commandLines,
  groupMembers,
  groupOf,
  identityOf,
  isAlive,
  mayHaveMembers,
  sendSignal,
} from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';

/** Processes that answer requests at the same time, beside the first. */
const WORKERS = 4;
/** Milliseconds. */
const START_LIMIT = 20_000;
const STOP_LIMIT = 3_000;
const KILL_LIMIT = 10_000;
/** No proxy listens on the discard port (RFC 863): what takes its proxy from the environment gets nowhere. */
const NOWHERE = 'http://127.0.0.1:9';

const recordSchema = z.object({ pid: z.number(), startedAt: z.string(), program: z.string(), port: z.number() });
export type WebServer = z.infer<typeof recordSchema>;

const recordFile = (paths: InstancePaths): string => join(paths.run, 'web-server.json');
/** Names the clone in the command lines of its web server. */
const routerOf = (folder: string): string => join(folder, 'run', 'web', 'router.php');
/** What the web server itself logs; PHP's errors are in another file. */
export const webLog = (paths: InstancePaths): string => join(paths.run, 'web-server.log');

/**
 * Starts PHP's own web server for an instance, as a process group of its own that outlives this process.
 * Returns undefined when the port was taken meanwhile. Throws SERVER_FAILED.
 */
export async function startWebServer(
  paths: InstancePaths,
  program: string,
  port: number,
  context: WorkContext,
): Promise<WebServer | undefined> {
  // A reset of an earlier version that was killed may have left none, and the clone’s own code may take it away; PHP does not start without one.
  await mkdir(paths.www, { recursive: true });
  const log = await open(webLog(paths), 'a', 0o600);
  const { size: before } = await log.stat();
  const router = routerOf(paths.folder);
  const server = spawn(program, ['-S', `127.0.0.1:${port}`, '-t', paths.www, router], {
    detached: true,
    cwd: paths.www,
    stdio: ['ignore', log.fd, log.fd],
    env: environment(paths, program),
  });
  const { pid } = server;
  let ended = false;
  server.once('exit', () => (ended = true));
  server.once('error', () => (ended = true));
  server.unref();
  try {
    await log.close();
    const ready = async () => ended || ((await saysItServes(webLog(paths), before)) && (await answers(paths, port)));
    const answered = await waitUntil(ready, { every: 8, limit: START_LIMIT, signal: context.signal }, context);
    const identity = pid === undefined || ended || !answered ? undefined : await identityOf(pid);
    if (identity === undefined) {
      if (ended && (await saysPortIsTaken(webLog(paths), before))) return undefined;
      throw new WpcloneError('SERVER_FAILED', `The web server (${program}) did not start.`, {
        details: { log: webLog(paths) },
      });
    }
    const record = { ...identity, program, port };
    await writeWhole(recordFile(paths), JSON.stringify(record), 0o600);
    return record;
  } catch (error) {
    if (pid !== undefined) await endGroups([pid], ['SIGKILL'], context);
    throw error;
  }
}

/** What the server was started with when it was last started. */
export async function readWebServer(paths: InstancePaths): Promise<WebServer | undefined> {
  const text = await readFile(recordFile(paths), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

/** Whether the first process of the server lives. */
export const isRunning = (server: WebServer): Promise<boolean> => isAlive(server);

/**
 * Ends the server and its workers: also workers whose first process was killed, and servers whose start was never recorded
 * because their wpclone was killed. Throws SERVER_FAILED when something survives.
 */
export async function stopWebServer(paths: InstancePaths, context: WorkContext): Promise<void> {
  const known = await readWebServer(paths);
  const groups = new Set(await serverProcesses((router) => router === routerOf(paths.folder)));
  if (known !== undefined && (await mayHaveMembers(known))) groups.add(known.pid);
  if (await endGroups([...groups], ['SIGTERM', 'SIGKILL'], context)) return;
  throw new WpcloneError('SERVER_FAILED', `The web server of ${basename(paths.folder)} does not end.`, {
    details: { log: webLog(paths) },
  });
}

/** The ids of the clones below a folder that have a web server, whatever the state says. */
export async function servedBelow(folder: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  await serverProcesses((router) => {
    const id = basename(dirname(dirname(dirname(router))));
    if (routerOf(join(folder, id)) === router) ids.add(id);
    return false;
  });
  return [...ids];
}

/** The process groups of the PHP servers whose router is wanted. */
async function serverProcesses(wanted: (router: string) => boolean): Promise<readonly number[]> {
  const servers = (await commandLines()).filter(({ words }) => words.includes('-S') && wanted(words.at(-1) ?? ''));
  const groups = await Promise.all(servers.map(({ pid }) => groupOf(pid)));
  return groups.filter((group) => group !== undefined);
}

/** Sends each signal in turn until the groups have no members; says whether they have none. */
async function endGroups(
  groups: readonly number[],
  signals: readonly NodeJS.Signals[],
  context: WorkContext,
): Promise<boolean> {
  const gone = async () => (await Promise.all(groups.map(groupMembers))).every((members) => members.length === 0);
  if (await gone()) return true;
  for (const signal of signals) {
    for (const group of groups) sendSignal(-group, signal);
    if (await waitUntil(gone, { every: 5, limit: signal === 'SIGKILL' ? KILL_LIMIT : STOP_LIMIT }, context))
      return true;
  }
  return false;
}

/** Nothing of the caller's environment: it may hold secrets, and a clone runs code that a site sent. */
function environment(paths: InstancePaths, program: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: paths.folder,
    TMPDIR: join(paths.run, 'tmp'),
    PHP_CLI_SERVER_WORKERS: String(WORKERS),
    // The empty first entry stands for the folder that PHP was built with.
    PHP_INI_SCAN_DIR: `:${join(paths.run, 'php')}`,
    WPCLONE_INSTANCE: paths.folder,
    WPCLONE_PHP: program,
    http_proxy: NOWHERE,
    https_proxy: NOWHERE,
    ftp_proxy: NOWHERE,
    all_proxy: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    ALL_PROXY: NOWHERE,
  };
}

/** Whether this very instance answers on the port, not another program. */
export async function answers(paths: InstancePaths, port: number): Promise<boolean> {
  const { request } = await import('undici');
  try {
    const { headers, body } = await request(`http://127.0.0.1:${port}/robots.txt`, { headersTimeout: 5_000 });
    await body.dump();
    return headers['x-wpclone-instance'] === paths.folder.split('/').at(-1);
  } catch {
    return false;
  }
}
