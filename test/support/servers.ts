import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Server {
  readonly pid: number;
  /** Ends it and resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const isRoot = process.getuid?.() === 0;
/** The unprivileged user that web servers and PHP run as when the tests run as root. */
export const WEB_USER = isRoot ? 'www-data' : undefined;

/** The command, run as the web server's user. */
export function asWebUser(command: readonly string[]): string[] {
  return WEB_USER === undefined
    ? [...command]
    : ['setpriv', `--reuid=${WEB_USER}`, `--regid=${WEB_USER}`, '--clear-groups', '--', ...command];
}

/** Starts a foreground server that the kernel ends when this process dies, however it dies (prctl PR_SET_PDEATHSIG). */
export function startServer(
  command: readonly string[],
  options: { readonly log: string; readonly unprivileged?: boolean; readonly environment?: NodeJS.ProcessEnv },
): Server {
  const user = options.unprivileged && WEB_USER ? [`--reuid=${WEB_USER}`, `--regid=${WEB_USER}`, '--clear-groups'] : [];
  const log = openSync(options.log, 'a');
  const child = spawn('setpriv', [...user, '--pdeathsig', 'TERM', '--', ...command], {
    stdio: ['ignore', log, log],
    detached: true,
    env: options.environment ?? process.env,
  });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { pid: child.pid ?? 0, stop: (signal = 'SIGTERM') => stop(child, gone, signal) };
}

async function stop(child: ChildProcess, gone: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  const end = (name: NodeJS.Signals): void => {
    // The whole process group: the children of a killed PHP master would go on otherwise.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name);
  };
  end(signal);
  const late = setTimeout(() => end('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

/** Waits until `probe` resolves; throws with the end of the log when it has not within a minute. */
export async function waitFor(what: string, probe: () => Promise<unknown>, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`${what} did not start: ${String(error)}\n${readFileSync(log, 'utf8').slice(-3000)}`, {
          cause: error,
        });
      }
      await sleep(15);
    }
  }
}
