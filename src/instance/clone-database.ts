import { createConnection, type Connection } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../shared/database-session.ts';
import { abortable } from '../shared/abortable.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { whileAnswering } from '../transfer/database/answering.ts';
import type { DatabaseAddress } from './types.ts';

/**
 * Runs `work` on a connection to the clone's database, with the lenient SQL mode that sites were written for: a site's own
 * columns may lack defaults. Throws DATABASE_FAILED.
 */
export async function onDatabase<T>(
  address: DatabaseAddress,
  outer: AbortSignal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await whileAnswering(address, outer, async (signal) => {
      const connection = await createConnection({ ...SESSION_SETTINGS, ...address, charset: 'utf8mb4' });
      try {
        await abortable(connection.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'"), signal);
        return await abortable(work(connection), signal);
      } finally {
        connection.destroy();
      }
    });
  } catch (error) {
    outer.throwIfAborted();
    if (error instanceof WpcloneError) throw error;
    throw new WpcloneError('DATABASE_FAILED', `The clone's database refused: ${toWpcloneError(error).message}`, {
      cause: error,
    });
  }
}
