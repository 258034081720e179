import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { nearest } from './nearest.ts';

/**
 * Any error as one of ours: what oclif says about flags, arguments and command names becomes BAD_INPUT (exit code 2).
 * `commands` are those that may have been meant by one that there is not.
 */
export function toReportedError(
  error: unknown,
  argv: readonly string[],
  commands: readonly string[] = [],
): WpcloneError {
  if (error instanceof WpcloneError) return error;
  if (error instanceof Error && isOclifError(error)) {
    if (argv.some((word) => /^--(source-)?password(=|$)/.test(word))) {
      // oclif's message would repeat the password.
      return new WpcloneError(
        'PASSWORD_MISSING',
        'A password is not taken as an argument: others could read it there.',
      );
    }
    const message = saysUnknownFlags(error) ? noFlags(error) : inOurWords(error.message, argv, commands);
    return new WpcloneError('BAD_INPUT', message, { cause: error });
  }
  // Ctrl-C at a prompt.
  if (error instanceof Error && error.name === 'ExitPromptError') {
    return new WpcloneError('CANCELLED', 'Cancelled.', { cause: error });
  }
  return toWpcloneError(error);
}

function isOclifError(error: Error): boolean {
  return 'oclif' in error;
}

/** What oclif throws for flags that a command does not have, with those that it has. */
interface UnknownFlags {
  readonly flags: readonly string[];
  readonly parse: { readonly input: { readonly flags?: Readonly<Record<string, { readonly hidden?: boolean }>> } };
}

const saysUnknownFlags = (error: object): error is UnknownFlags => 'flags' in error && 'parse' in error;

/** oclif repeats what stands behind the `=`, too: it may be a password. */
function noFlags({ flags, parse }: UnknownFlags): string {
  const known = Object.entries(parse.input.flags ?? {}).flatMap(([name, { hidden }]) =>
    hidden === true ? [] : [name],
  );
  return flags
    .map((typed) => {
      const [flag = ''] = typed.split('=', 1);
      const meant = flag.startsWith('--') ? nearest(flag.slice(2), known) : undefined;
      return `There is no flag ${flag}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
    })
    .join(' ');
}

/** oclif takes words that follow a command for parts of its name, and joins them with colons: an address is none. */
function noCommand(id: string, argv: readonly string[], commands: readonly string[]): string {
  const [first = '', ...more] =
    argv.map((_, index) => argv.slice(0, index + 1)).find((typed) => typed.join(':') === id) ?? id.split(':');
  const end = more.findIndex((word) => !/^[a-z][a-z-]*$/i.test(word));
  const words = [first, ...(end === -1 ? more : more.slice(0, end))];
  const names = words.map((_, index) => words.slice(0, words.length - index).join(':'));
  const meant = names.map((name) => nearest(name, commands)).find((command) => command !== undefined);
  const spoken = (command: string): string => command.replaceAll(':', ' ');
  return `There is no command "${words.join(' ')}".${meant === undefined ? '' : ` Did you mean ${spoken(meant)}?`}`;
}

function inOurWords(message: string, argv: readonly string[], commands: readonly string[]): string {
  const unknown = /^command (\S*) not found\.?$/i.exec(message)?.[1];
  if (unknown !== undefined) return noCommand(unknown, argv, commands);
  return (
    message
      .replace(/^Parsing (--\S+)\s+Expected/, '$1 expected')
      .replace(/^The following errors? occurred:\s*/, '')
      .replace(/(--[\w-]+)\S* cannot also be provided when using (--[\w-]+)/g, '$1 and $2 do not go together.')
      .replace(/\n?See more help with --help\s*$/, '')
      // About flags that take many values at once, which ours do not.
      .replace(/\nNote: --[\s\S]*$/, '')
      .replace(/\n{2,}/g, '\n')
      .trim()
  );
}
