import { readFileSync } from 'node:fs';
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
  const given = options.file === undefined ? options.fromEnvironment : await readPassword(options.file);
  if (given !== undefined) return async () => given;
  return async () => {
    if (!canAsk()) {
      throw new WpcloneError('PASSWORD_MISSING', 'The password of the source is needed and there is nobody to ask.');
    }
    const { password } = await import('@inquirer/prompts');
    const message = options.username === undefined ? 'Password of the source:' : `Password of ${options.username}:`;
    return options.view.ask((output) =>
      password({ message, mask: true }, { output, signal: options.signal, clearPromptOnDone: true }).catch(asCancelled),
    );
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

async function readPassword(file: string): Promise<string> {
  try {
    const content = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
    const password = content.replace(/\r?\n[\s\S]*$/, '');
    if (password !== '') return password;
  } catch (cause) {
    throw new WpcloneError('BAD_INPUT', `The password file ${file} cannot be read.`, { cause });
  }
  const name = file === '-' ? 'Standard input' : `The password file ${file}`;
  throw new WpcloneError('PASSWORD_MISSING', `${name} holds no password.`);
}
