import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../shared/database-session.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { DatabaseAddress } from '../transfer/types.ts';
import type { SidecarSettings } from './settings.ts';

/** The account of the image's own database that may do everything. */
export const ADMINISTRATOR = 'node';
/** In the database's volume, which no clone sees: a new password with each start of the server (the image's entrypoint.sh). */
const PASSWORD_FILE = 'administrator';

/**
 * How a session with all rights is opened, in which database first. Not by the server's socket: it lies in a folder that a clone's code can write to, which
 * could put one of its own there and listen. Throws DATABASE_FAILED where nobody has told the password: for a server of another image.
 */
export async function administratorAddress(
  { databaseVolume }: Pick<SidecarSettings, 'databaseVolume'>,
  database = '',
): Promise<DatabaseAddress> {
  const file = join(databaseVolume?.path ?? '/nowhere', PASSWORD_FILE);
  const password = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WpcloneError('DATABASE_FAILED', 'The administrator of the database is not known here.', { cause });
  });
  return { host: '127.0.0.1', port: 3306, user: ADMINISTRATOR, password: password.trim(), database };
}

/** Runs `work` as who may do everything in the database. */
export async function asAdministrator<T>(
  settings: Pick<SidecarSettings, 'databaseVolume'>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { host, port, user, password } = await administratorAddress(settings);
  const connection = await createConnection({ ...SESSION_SETTINGS, host, port, user, password, connectTimeout: 5_000 });
  try {
    const result = await work(connection);
    await connection.end();
    return result;
  } finally {
    connection.destroy();
  }
}
