import { WpcloneError } from '../shared/errors.ts';

/** DISK_FULL for an error of the file system that says so; undefined for any other. */
export function diskFull(error: unknown, path: string): WpcloneError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return new WpcloneError('DISK_FULL', `There is no space left to write ${path}.`, { cause: error, details: { path } });
}
