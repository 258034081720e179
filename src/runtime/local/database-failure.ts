import { WpcloneError } from '../../shared/errors.ts';
import type { DatabaseLayout } from './layout.ts';

/** ENOSPC and EDQUOT, in the server's words and as it numbers them (28 and 122). */
const NO_ROOM =
  /No space left on device|Disk quota exceeded|Disk is full|\b(?:OS )?(?:errno|Errcode|error(?: number)?):? "?(?:28|122)\b/i;

/** Why the server cannot be set up or started: DISK_FULL when it says so itself, or else DATABASE_FAILED. `said` is all that it said. */
export const databaseFailure = (
  message: string,
  said: string,
  { folder, log }: Pick<DatabaseLayout, 'folder' | 'log'>,
  cause?: unknown,
): WpcloneError =>
  NO_ROOM.test(said)
    ? new WpcloneError('DISK_FULL', `There is no room left. ${message}`, { details: { path: folder }, cause })
    : new WpcloneError('DATABASE_FAILED', message, { details: { log }, cause });

/** Lines that speak of an error and are none, such as the name of a setting. */
const NO_ERROR = /\[(?:Warning|Note)\]/i;

/** Of all that the server or its installer said the line that says most: the first error leads to the others. */
export function lastError(said: readonly string[]): string {
  const speaking = said.filter((line) => /\berror\b/i.test(line));
  const real = speaking.filter((line) => !NO_ERROR.test(line) || NO_ROOM.test(line));
  const errors = real.length === 0 ? speaking : real;
  const line = errors.find((error) => NO_ROOM.test(error)) ?? errors[0] ?? said.findLast((last) => last !== '');
  return (line ?? 'without a word').replace(/^.*\[ERROR\] /, '').trim();
}
