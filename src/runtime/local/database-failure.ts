import { WpcloneError } from '../../shared/errors.ts';
import type { DatabaseLayout } from './layout.ts';

/** ENOSPC and EDQUOT, in the server's words and as it numbers them (28 and 122). */
const NO_ROOM =
  /No space left on device|Disk quota exceeded|Disk is full|\b(?:OS )?(?:errno|Errcode|error(?: number)?):? "?(?:28|122)\b/i;

/** Why the server cannot be set up or started: DISK_FULL when it says so itself, or else DATABASE_FAILED. `said` is all that it said. */
export const databaseFailure = (
  message: string,
  said: string,
  { log }: Pick<DatabaseLayout, 'log'>,
  cause?: unknown,
): WpcloneError =>
  NO_ROOM.test(said)
    ? new WpcloneError('DISK_FULL', `There is no room left. ${message}`, { cause })
    : new WpcloneError('DATABASE_FAILED', message, { details: { log }, cause });
