import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isAccessible } from '../../shared/system.ts';

/** Where servers are installed that a person's PATH does not always hold. */
const SYSTEM_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
];

/** What is empty or relative means the folder in which one happens to be. */
const absoluteFolders = (path: string): readonly string[] =>
  path.split(delimiter).filter((entry) => entry.startsWith('/'));

/** `path`, and after it the usual folders: what is found there may be a script that calls others. */
export const withSystemFolders = (path: string): string =>
  [...absoluteFolders(path), ...SYSTEM_FOLDERS, '/bin'].join(delimiter);

/** The absolute path of a program, on PATH or in the usual folders for servers. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of [...absoluteFolders(path), ...SYSTEM_FOLDERS]) {
    const file = join(folder, name);
    if (await isAccessible(file, constants.X_OK)) return file;
  }
  return undefined;
}
