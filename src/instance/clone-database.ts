import { createConnection, type Connection } from 'mysql2/promise';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import type { DatabaseAddress } from './types.ts';

/**
 * Runs `work` on a connection to the clone's database, with the lenient SQL mode that sites were written for: a site's own
 * columns may lack defaults. Throws DATABASE_FAILED.
 */
export async function onDatabase<T>(
  address: DatabaseAddress,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await createConnection({ ...address, charset: 'utf8mb4' });
    await connection.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
    return await work(connection);
  } catch (error) {
    if (error instanceof WpcloneError) throw error;
    throw new WpcloneError('DATABASE_FAILED', `The clone's database refused: ${toWpcloneError(error).message}`, {
      cause: error,
    });
  } finally {
    connection?.destroy();
  }
}
