import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WpcloneError } from '../shared/errors.ts';
import { cannotRead } from './file-errors.ts';
import type { View } from './presenters/view.ts';

/** Where passwords come from when neither a file nor a prompt is possible. */
type PasswordVariable = 'WPCLONE_SOURCE_PASSWORD' | 'WPCLONE_HTTP_AUTH_PASSWORD' | 'WPCLONE_AGENT_TOKEN';

/**
 * Takes a password out of the environment, so that no program that is started later inherits it.
 * Call it first thing.
 */
export function takePasswordFromEnvironment(
  environment: NodeJS.ProcessEnv,
  variable: PasswordVariable = 'WPCLONE_SOURCE_PASSWORD',
): string | undefined {
  const password = environment[variable];
  delete environment[variable];
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
  /** It is the web server's password, which comes before the site's. */
  readonly webServer?: boolean;
  readonly view: View;
  readonly signal: AbortSignal;
}): Promise<() => Promise<string>> {
  const { file, fromEnvironment, username, webServer = false } = options;
  const missing = webServer ? 'HTTP_AUTH_PASSWORD_MISSING' : 'PASSWORD_MISSING';
  const given = file === undefined ? fromEnvironment : await readPassword(file, missing, options.signal);
  if (given !== undefined) return async () => given;
  const whose = webServer ? "the source's web server" : 'the source';
  return async () => {
    if (!canAsk()) {
      throw new WpcloneError(missing, `The password of ${whose} is needed, and there is no terminal to ask for it.`);
    }
    const { password } = await import('@inquirer/prompts');
    const message = `Password of ${username === undefined || webServer ? whose : username}:`;
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

async function readPassword(
  file: string,
  missing: 'PASSWORD_MISSING' | 'HTTP_AUTH_PASSWORD_MISSING',
  signal: AbortSignal,
): Promise<string> {
  try {
    const content = await (file === '-' ? textOf(process.stdin, signal) : contentOf(file, signal));
    const password = content.replace(/\r?\n[\s\S]*$/, '');
    if (password !== '') return password;
  } catch (cause) {
    signal.throwIfAborted();
    throw cannotRead(`The password file ${file}`, file, cause);
  }
  const name = file === '-' ? 'Standard input' : `The password file ${file}`;
  throw new WpcloneError(missing, `${name} contains no password.`);
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
