import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import type { DatabaseAddress } from '../../instance/types.ts';
import { withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { databaseFailure } from './database-failure.ts';
import { connectAsAdministrator } from './database-server.ts';
import type { LocalLayout } from './layout.ts';

const PREFIX = 'wpclone_';
/** Milliseconds for what is asked of the server here: one that is frozen would be waited for without end. */
const LIMIT = 60_000;
/** Seconds to wait for a table that somebody holds; the server's own limit is a day. */
const LOCK_LIMIT = 10;

/** Database and account of an instance have the same name; ids are DNS labels of at most 40 characters. */
export const databaseName = (id: string): string => `${PREFIX}${id.replaceAll('-', '_')}`;

/** How an instance's own account reaches its database. */
export function databaseAddress(layout: LocalLayout, id: string, password: string): DatabaseAddress {
  const name = databaseName(id);
  return { socketPath: layout.database.socket, user: name, password, database: name };
}

/** Makes the database and an account that may only use it. Throws MARIADB_MISSING, DATABASE_FAILED. */
export async function createDatabase(
  layout: LocalLayout,
  id: string,
  password: string,
  context: WorkContext,
): Promise<void> {
  await asAdministrator(layout, context, async (connection) => {
    const name = databaseName(id);
    // In GRANT the database is a pattern: an unescaped _ would let wpclone_a_b into wpclone_axb.
    const pattern = name.replaceAll('_', '\\_');
    await connection.query(`CREATE OR REPLACE DATABASE ${quoted(name)} CHARACTER SET utf8mb4`);
    await connection.query(`CREATE OR REPLACE USER ${quoted(name)}@localhost IDENTIFIED BY ?`, [password]);
    await connection.query(`GRANT ALL PRIVILEGES ON ${quoted(pattern)}.* TO ${quoted(name)}@localhost`);
  });
}

/** Drops the database of an instance, and its account. Throws MARIADB_MISSING, DATABASE_FAILED. */
export const dropDatabase = (layout: LocalLayout, id: string, context: WorkContext): Promise<void> =>
  dropDatabaseNamed(layout, databaseName(id), context);

/** As `dropDatabase`, for a database whose instance is not known any more. */
export async function dropDatabaseNamed(layout: LocalLayout, name: string, context: WorkContext): Promise<void> {
  await asAdministrator(layout, context, async (connection) => {
    await endSessions(connection, name);
    // The database last: as long as it is on disk, whoever sweeps after an interruption finds what is left to do.
    await connection.query(`DROP USER IF EXISTS ${quoted(name)}@localhost`);
    await rm(join(layout.database.tables, name), { recursive: true, force: true, maxRetries: 3 });
    await dropAndEmpty(connection, join(layout.database.data, name), name);
  });
}

/** Can't rmdir: ER_DB_DROP_RMDIR. */
const NOT_EMPTY = 1010;

/** What an import of a table that was killed left in the folder, the server does not know. */
async function dropAndEmpty(connection: Connection, folder: string, name: string): Promise<void> {
  const drop = () => connection.query(`DROP DATABASE IF EXISTS ${quoted(name)}`);
  await drop().catch(async (error: unknown) => {
    if (!(error instanceof Error && 'errno' in error && error.errno === NOT_EMPTY)) throw error;
    for (const file of await readdir(folder)) if (/\.(ibd|cfg)$/.test(file)) await rm(join(folder, file));
    await drop();
  });
}

/** The databases of instances, by their folders: known without a running server. */
export async function databasesOnDisk(layout: LocalLayout): Promise<readonly string[]> {
  const folders = [layout.database.data, layout.database.tables];
  const names = (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat();
  return [...new Set(names)].filter((name) => name.startsWith(PREFIX));
}

/** A session that still loads a table would hold the drop up for as long as it likes. */
async function endSessions(connection: Connection, user: string): Promise<void> {
  await connection.query('KILL HARD USER ?', [user]).catch(() => undefined);
}

async function asAdministrator<T>(
  layout: LocalLayout,
  context: WorkContext,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectAsAdministrator(layout, context);
  const details = { log: layout.database.log };
  const late = new WpcloneError('DATABASE_FAILED', 'The database server does not answer', { details });
  try {
    const result = await withTimeout(LIMIT, context, late, () => patient(connection).then(() => work(connection)));
    await connection.end();
    return result;
  } catch (error) {
    if (error instanceof WpcloneError) throw error;
    const { message } = toWpcloneError(error);
    throw databaseFailure(`The database server refused: ${message}`, message, layout.database, error);
  } finally {
    connection.destroy();
  }
}

const patient = (connection: Connection) => connection.query('SET SESSION lock_wait_timeout = ?', [LOCK_LIMIT]);

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
