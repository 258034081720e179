import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { request } from 'undici';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { saysItServes } from '../../runtime/local/php-log.ts';
import { groupMembers, identityOf, mayHaveMembers, sendSignal, type ProcessIdentity } from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';
import type { DemoLayout } from './layout.ts';

const WORKERS = '4';
/** Milliseconds. */
const START_LIMIT = 20_000;
const STOP_LIMIT = 5_000;

/** Starts PHP's web server for the source; it goes on when this process ends. Throws DEMO_FAILED. */
export async function startWeb(
  layout: DemoLayout,
  php: string,
  port: number,
  context: WorkContext,
): Promise<ProcessIdentity> {
  const log = await open(layout.log, 'a', 0o600);
  const { size: before } = await log.stat();
  const server = spawn(php, ['-S', `127.0.0.1:${port}`, '-t', layout.www], {
    detached: true,
    cwd: layout.www,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', PHP_CLI_SERVER_WORKERS: WORKERS },
  });
  server.unref();
  await log.close();
  let ended = false;
  server.once('exit', () => (ended = true));
  server.once('error', () => (ended = true));
  const { pid } = server;
  try {
    const ready = async () => ended || ((await saysItServes(layout.log, before)) && (await answers(port)));
    await waitUntil(ready, { every: 20, limit: START_LIMIT, signal: context.signal }, context);
    const identity = ended || pid === undefined ? undefined : await identityOf(pid);
    if (identity !== undefined) return identity;
    throw new WpcloneError('DEMO_FAILED', `The web server of the demonstration did not start; see ${layout.log}.`);
  } catch (error) {
    if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
    throw error;
  }
}

/** Whether a WordPress shows its log-in page on this port of this machine. */
export async function answers(port: number): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/wp-login.php`, { headersTimeout: 10_000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** Ends the server and its workers. */
export async function stopWeb(server: ProcessIdentity, context: WorkContext): Promise<void> {
  if (!(await mayHaveMembers(server))) return;
  const gone = async (): Promise<boolean> => (await groupMembers(server.pid)).length === 0;
  if (await gone()) return;
  sendSignal(-server.pid, 'SIGTERM');
  if (await waitUntil(gone, { every: 10, limit: STOP_LIMIT }, context)) return;
  sendSignal(-server.pid, 'SIGKILL');
  await waitUntil(gone, { every: 10, limit: STOP_LIMIT }, context);
}
