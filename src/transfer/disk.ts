import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';

/** DISK_FULL for an error of the file system that says so; undefined for any other. */
export function diskFull(error: unknown, path: string): WpcloneError | undefined {
  const code = codeOf(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return new WpcloneError('DISK_FULL', `There is no space left to write ${path}.`, { cause: error, details: { path } });
}
