import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { shellWord } from '../shared/format.ts';

/** BAD_INPUT for a file that a flag names and that cannot be read; `what` it is, with its name. The help of the command does not help there. */
export const cannotRead = (what: string, file: string, cause: unknown): WpcloneError =>
  new WpcloneError('BAD_INPUT', `${what} cannot be read: ${toWpcloneError(cause).message}`, {
    cause,
    nextSteps: [`See whether it is there and who may read it: ls -l ${shellWord(file)}`],
  });
