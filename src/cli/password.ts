import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WpcloneError } from '../shared/errors.ts';
import type { View } from './presenters/view.ts';

const VARIABLE = 'WPCLONE_SOURCE_PASSWORD';

/**
 * Takes the source's password out of the environment, so that no program that is started later inherits it.
 * Call it first thing.
 */
export function takePasswordFromEnvironment(environment: NodeJS.ProcessEnv): string | undefined {
  const password = environment[VARIABLE];
  delete environment[VARIABLE];
  return password === '' ? undefined : password;
}

/**
 * The source's password: from the file (or standard input), the environment, or a prompt; the prompt only when it is
 * called, as a source that knows us needs no password. Throws BAD_INPUT, and when called PASSWORD_MISSING, CANCELLED.
 */
export async function passwordSource(options: {
  readonly file: string | undefined;
  readonly fromEnvironment: string | undefined;
  readonly username: string | undefined;
  readonly view: View;
  readonly signal: AbortSignal;
}): Promise<() => Promise<string>> {
  const given = options.file === undefined ? options.fromEnvironment : await readPassword(options.file, options.signal);
  if (given !== undefined) return async () => given;
  return async () => {
    if (!canAsk()) {
      throw new WpcloneError(
        'PASSWORD_MISSING',
        'The password of the source is needed, and there is no terminal to ask for it.',
      );
    }
    const { password } = await import('@inquirer/prompts');
    const message = options.username === undefined ? 'Password of the source:' : `Password of ${options.username}:`;
    return options.view.ask((output) =>
      password({ message, mask: true }, { output, signal: options.signal, clearPromptOnDone: true }).catch(asCancelled),
    );
  };
}

/** Asks for the administrator's name; undefined without anybody to ask. Throws CANCELLED when called. */
export function usernamePrompt(view: View, signal: AbortSignal): (() => Promise<string>) | undefined {
  if (!canAsk()) return undefined;
  return async () => {
    const { input } = await import('@inquirer/prompts');
    const message = 'Administrator of the source:';
    const name = await view.ask((output) =>
      input({ message, required: true }, { output, signal, clearPromptOnDone: true }).catch(asCancelled),
    );
    return name.trim();
  };
}

/** A terminal in raw mode sends no signal for Ctrl-C: the prompt says so by its error's name. */
function asCancelled(error: unknown): never {
  if (error instanceof Error && error.name === 'ExitPromptError') {
    throw new WpcloneError('CANCELLED', 'Cancelled.', { cause: error });
  }
  throw error;
}

/** Whether somebody sits at a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !process.env['CI'];
}

async function readPassword(file: string, signal: AbortSignal): Promise<string> {
  try {
    const content = await (file === '-' ? textOf(process.stdin, signal) : contentOf(file, signal));
    const password = content.replace(/\r?\n[\s\S]*$/, '');
    if (password !== '') return password;
  } catch (cause) {
    signal.throwIfAborted();
    throw new WpcloneError('BAD_INPUT', `The password file ${file} cannot be read.`, { cause });
  }
  const name = file === '-' ? 'Standard input' : `The password file ${file}`;
  throw new WpcloneError('PASSWORD_MISSING', `${name} contains no password.`);
}

/** A pipe, such as `<(command)`, is read so that Ctrl-C is heard meanwhile: its other end may take as long as it likes. */
async function contentOf(file: string, signal: AbortSignal): Promise<string> {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFIFO()) return textOf(new Socket({ fd: descriptor, writable: false }), signal);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

const textOf = (stream: Readable, signal: AbortSignal): Promise<string> => text(addAbortSignal(signal, stream));
