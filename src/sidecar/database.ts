import { stat } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../shared/database-session.ts';
import type { Logger } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';
import { asAdministrator } from './administrator.ts';
import { readSecret, type SidecarSettings } from './settings.ts';

/**
 * Checks that the database answers with the Secret's password. When the password has changed since the server started,
 * it is set again (the image's own database only; an official one takes the password of its first start).
 * Throws DATABASE_FAILED.
 */
export async function checkDatabase(settings: SidecarSettings, log: Logger): Promise<void> {
  const password = readSecret(settings, 'database-password');
  try {
    await ask(settings, password);
  } catch (error) {
    if (!isAccessDenied(error)) throw notAnswering(error);
    await setPassword(settings, password);
    log.warn('The password in the database differed from the one in the Secret; it has been set again.', {
      code: 'SECRET_REPAIRED',
    });
  }
}

/** A word that changes when the server is started again: it makes its socket anew. Throws DATABASE_FAILED while it does not answer. */
export async function databaseIncarnation(settings: SidecarSettings): Promise<string> {
  try {
    await ask(settings, readSecret(settings, 'database-password'));
    const { ino, ctimeMs } = await stat(settings.socketPath);
    return `${ino}-${ctimeMs}`;
  } catch (error) {
    throw notAnswering(error);
  }
}

async function setPassword(settings: SidecarSettings, password: string): Promise<void> {
  // Our own Secrets only hold base64url; anything else could end the quotes.
  if (!/^[\w-]+$/.test(password)) throw new WpcloneError('DATABASE_FAILED', "The Secret's password is malformed.");
  const statements = ['localhost', '127.0.0.1'].map(
    (host) => `ALTER USER '${settings.databaseUser}'@'${host}' IDENTIFIED BY '${password}'`,
  );
  try {
    await asAdministrator(settings, async (connection) => {
      for (const statement of statements) await connection.query(statement);
    });
  } catch (error) {
    throw notAnswering(error);
  }
}

async function ask({ socketPath, databaseUser }: SidecarSettings, password: string): Promise<void> {
  const connection = await createConnection({
    ...SESSION_SETTINGS,
    socketPath,
    user: databaseUser,
    password,
    connectTimeout: 2000,
  });
  try {
    await connection.query('SELECT 1');
    await connection.end();
  } finally {
    connection.destroy();
  }
}

const isAccessDenied = (error: unknown): boolean => codeOf(error) === 'ER_ACCESS_DENIED_ERROR';

function notAnswering(cause: unknown): WpcloneError {
  const message = `The database does not answer yet (${codeOf(cause) ?? 'unknown'}).`;
  return new WpcloneError('DATABASE_FAILED', message, { cause, retryable: true, details: { log: 'wpclone logs' } });
}
