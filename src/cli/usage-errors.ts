import { toWpcloneError, WpcloneError } from '../shared/errors.ts';

/** Any error as one of ours: what oclif says about flags, arguments and command names becomes BAD_INPUT (exit code 2). */
export function toReportedError(error: unknown, argv: readonly string[]): WpcloneError {
  if (error instanceof WpcloneError) return error;
  if (error instanceof Error && isOclifError(error)) {
    if (argv.some((word) => /^--(source-)?password(=|$)/.test(word))) {
      // oclif's message would repeat the password.
      return new WpcloneError(
        'PASSWORD_MISSING',
        'A password is not taken as an argument: others could read it there.',
      );
    }
    return new WpcloneError('BAD_INPUT', withoutHint(error.message), { cause: error });
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

function withoutHint(message: string): string {
  return message
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
}
