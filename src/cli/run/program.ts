import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { WpcloneError } from '../../shared/errors.ts';

/**
 * The file that a shell would run for `name`; looked for before a clone is made for it. Throws COMMAND_NOT_FOUND and
 * COMMAND_NOT_EXECUTABLE.
 */
export function findProgram(name: string, path: string | undefined, workingFolder: string): string {
  const folders = (path ?? '').split(delimiter);
  // An empty part of PATH is the working folder (POSIX, Environment Variables).
  const files = name.includes('/') ? [name] : folders.map((folder) => join(folder || '.', name));
  const found = files.map((file) => resolve(workingFolder, file)).filter(isFile);
  const program = found.find(isExecutable);
  if (program !== undefined && name !== '') return program;
  if (found.length === 0 || name === '') throw new WpcloneError('COMMAND_NOT_FOUND', `There is no command "${name}".`);
  throw new WpcloneError('COMMAND_NOT_EXECUTABLE', `${found[0]} cannot be executed.`);
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() === true;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
