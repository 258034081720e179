import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTemp, run } from './temp.ts';

const BIN = join(import.meta.dirname, '../../bin/run.js');

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when stdout and stderr so far match; rejects when the command ends without. */
  seen(pattern: RegExp): Promise<void>;
}

export interface CommandLine {
  /** WPCLONE_HOME of all its commands. */
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  start(args: readonly string[], options?: StartOptions): Running;
  run(args: readonly string[], options?: StartOptions): Promise<Finished>;
  /** Runs with `--json` and parses what was printed. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: StartOptions): Promise<T>;
  /** The folder of the one local clone that there is; it is called after its unit. Throws when there is none, or more. */
  cloneFolder(): string;
  /** Everything that is left of clones: folders, databases, web servers. */
  leftovers(): string[];
  /** The servers and keeper that are running, with their command line and environment, as others on the machine may see them. */
  processes(): { readonly pid: number; readonly words: string; readonly environment: string }[];
  /** Ends what its commands left running and removes its folders. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** The built command, with a state folder of its own and nothing of this process's settings. */
export function commandLine(): CommandLine {
  const folder = makeTemp('cli');
  const home = join(folder, 'home');
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    LANG: 'C.UTF-8',
    WPCLONE_HOME: home,
  };
  const start = (args: readonly string[], options: StartOptions = {}): Running => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment, ...options.environment },
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    return watch(child);
  };
  const runIt = (args: readonly string[], options?: StartOptions): Promise<Finished> => start(args, options).finished;
  return {
    home,
    environment,
    start,
    run: runIt,
    json: async (args, options) => {
      const { stdout, stderr, code } = await runIt([...args, '--json'], options);
      if (code !== 0) throw new Error(`wpclone ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
      return JSON.parse(stdout);
    },
    cloneFolder: () => {
      const [name, ...more] = list(join(home, 'clones'));
      if (name === undefined || more.length > 0)
        throw new Error(`There is not one clone: ${[name, ...more].join(', ')}`);
      return join(home, 'clones', name);
    },
    leftovers: () => [
      ...list(join(home, 'clones')),
      ...list(join(home, 'mariadb/data')).filter((name) => name.startsWith('wpclone_')),
      ...processesOf(join(home, 'clones')).map(({ pid }) => `process ${pid}`),
    ],
    processes: () => processesOf(home),
    stop: async () => {
      while (processesOf(home).length > 0) {
        for (const { pid } of processesOf(home)) kill(pid);
        await sleep(20);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function watch(child: ChildProcess): Running {
  let stdout = '';
  let stderr = '';
  const changed = new Set<() => void>();
  const tell = (): void => changed.forEach((listener) => listener());
  child.stdout?.setEncoding('utf8').on('data', (text: string) => ((stdout += text), tell()));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => ((stderr += text), tell()));
  let over = false;
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      over = true;
      resolve({ stdout, stderr, code, signal });
      tell();
    });
  });
  const seen = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(stdout + stderr)) resolve();
        else if (over) reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`));
        else return;
        changed.delete(look);
      };
      changed.add(look);
      look();
    });
  return { process: child, finished, seen };
}

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** Processes that name the folder in their command line or have it as their state folder: servers and the keeper. */
function processesOf(folder: string): { pid: number; words: string; environment: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
        const ours = words.includes(folder) || environment.includes(`WPCLONE_HOME=${folder}\0`);
        return ours ? [{ pid: Number(name), words, environment }] : [];
      } catch {
        return [];
      }
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

export interface Terminal {
  screen(): Promise<string>;
  type(...keys: readonly string[]): Promise<void>;
  /** Resolves with the screen when it matches; rejects after two minutes. */
  shows(pattern: RegExp): Promise<string>;
  close(): Promise<void>;
}

/** A real terminal (tmux) of 200 columns with `command` running in it; the exit code is shown as `[exit N]`. */
export async function openTerminal(cli: CommandLine, args: readonly string[]): Promise<Terminal> {
  const name = `wpclone-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const tmux = (...words: string[]): Promise<string> => run(['tmux', '-L', name, '-f', '/dev/null', ...words]);
  const settings = Object.entries(cli.environment).flatMap(([key, value]) => ['-e', `${key}=${value ?? ''}`]);
  const words = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
  // Ctrl-C reaches the shell too, which must go on to show the exit code.
  const script = `unset CI; trap : INT; ${words}; echo "[exit $?]"; exec sleep 600`;
  await tmux('new-session', '-d', '-x', '200', '-y', '40', ...settings, 'sh', '-c', script);
  const screen = (): Promise<string> => tmux('capture-pane', '-p', '-t', '0');
  return {
    screen,
    type: async (...keys) => {
      await tmux('send-keys', '-t', '0', ...keys);
    },
    shows: async (pattern) => {
      const deadline = Date.now() + 120_000;
      for (;;) {
        const shown = await screen();
        if (pattern.test(shown)) return shown;
        if (Date.now() > deadline) throw new Error(`The terminal never showed ${pattern}:\n${shown}`);
        await sleep(30);
      }
    },
    close: async () => {
      await tmux('kill-server').catch(() => undefined);
    },
  };
}
