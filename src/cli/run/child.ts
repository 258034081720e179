import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { WpcloneError } from '../../shared/errors.ts';
import { parseStat } from '../../shared/process.ts';

/** A command that shares our standard input, output and error. */
export interface Child {
  /** Resolves to its exit code, or to 128 and the number of the signal that ended it. Rejects when it could not be started. */
  readonly ended: Promise<number>;
  /** Passes on a signal that we got. */
  pass(signal: NodeJS.Signals): void;
}

export interface ChildCommand {
  readonly program: string;
  /** Its own name as it was given, and its arguments. */
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** In our own process group: at a terminal it can read what is typed, and is stopped and ended with us. */
export function startChild({ program, words: [name = program, ...args], environment }: ChildCommand): Child {
  const child = spawn(program, args, { argv0: name, stdio: 'inherit', env: environment });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new WpcloneError('COMMAND_NOT_EXECUTABLE', `${program} cannot be run: ${cause.message}`, { cause }));
    });
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
  return {
    ended,
    pass: (signal) => {
      // It has it already; twice means "at once" to many programs.
      if (signal === 'SIGINT' && isGivenByTerminal()) return;
      child.kill(signal);
    },
  };
}

/** Whether Ctrl-C reaches all of our process group: it is the one in the foreground of a terminal. */
function isGivenByTerminal(): boolean {
  if (process.platform !== 'linux') return [0, 1, 2].some((descriptor) => isatty(descriptor));
  const { group, foreground } = parseStat(readFileSync('/proc/self/stat', 'latin1'));
  return group === foreground;
}
