import { WpcloneError } from './errors.ts';

/** NOT_FOUND, in the same words wherever a clone is looked for. */
export const noSuchClone = (name: string): WpcloneError =>
  new WpcloneError('NOT_FOUND', `There is no clone called ${name}.`, { details: { name } });

/** The same with the name of one that there is and that may have been meant. */
export const noSuchCloneBut = (name: string, meant: string, cause: unknown): WpcloneError =>
  new WpcloneError('NOT_FOUND', `There is no clone called ${name}. Did you mean ${meant}?`, {
    details: { name },
    cause,
  });

/** NAME_TAKEN, in the same words wherever a name is given to a clone that another clone has. */
export const nameTaken = (name: string, cause?: unknown): WpcloneError =>
  new WpcloneError('NAME_TAKEN', `There is already a clone called ${name}.`, { details: { name }, cause });

/** NAME_TAKEN by a job that makes a clone of that name: there is none yet to delete. `job` is its id, for who may know of it. */
export const nameAwaited = (name: string, job: string | undefined): WpcloneError =>
  new WpcloneError('NAME_TAKEN', `A job that waits or runs is making a clone called ${name}.`, {
    details: job === undefined ? {} : { job },
  });
