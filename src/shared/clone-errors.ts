import { WpcloneError } from './errors.ts';

/** NOT_FOUND, in the same words wherever a clone is looked for. */
export const noSuchClone = (name: string): WpcloneError =>
  new WpcloneError('NOT_FOUND', `There is no clone called ${name}.`, { details: { name } });

/** NAME_TAKEN, in the same words wherever a name is given to a clone. */
export const nameTaken = (name: string, cause?: unknown): WpcloneError =>
  new WpcloneError('NAME_TAKEN', `There is already a clone called ${name}.`, { details: { name }, cause });
