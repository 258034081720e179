import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Connection } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../../shared/database-session.ts';
import type { DatabaseAddress } from '../../instance/types.ts';
import { writeWhole } from '../../shared/whole-file.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { DatabaseLayout } from './layout.ts';

/**
 * Opens a session with all rights. A server that has just been set up takes the operating system's word for who we are
 * (unix_socket), whatever the password; see `givePassword`.
 */
export async function connectWithAllRights(layout: DatabaseLayout, connectTimeout: number): Promise<Connection> {
  const { createConnection } = await import('mysql2/promise');
  return createConnection({ ...SESSION_SETTINGS, ...(await accountOf(layout)), connectTimeout });
}

/** How a session with all rights is opened in a database. */
export async function administratorAddress(layout: DatabaseLayout, database: string): Promise<DatabaseAddress> {
  return { ...(await accountOf(layout)), database };
}

const accountOf = async (layout: DatabaseLayout) => ({
  socketPath: layout.socket,
  user: userInfo().username,
  password: await readPassword(layout),
});

/**
 * Lets the administrator in by a password only: the code of each clone runs as the same user of the operating system. Called at
 * each start of the server, so that a start which was killed between the two steps does no harm.
 */
export async function givePassword(layout: DatabaseLayout, limit: number, context: WorkContext): Promise<void> {
  const known = await readPassword(layout);
  const password = known === '' ? context.randomBytes(24).toString('base64url') : known;
  if (known === '') {
    const options = `[client]\nuser=${userInfo().username}\npassword=${password}\nsocket=${layout.socket}\n`;
    await writeWhole(layout.administrator, options, 0o600);
  }
  const connection = await connectWithAllRights(layout, limit);
  try {
    // By name: for CURRENT_USER() MariaDB 10.11 says that all is well, and changes nothing.
    await connection.query('ALTER USER ?@localhost IDENTIFIED BY ?', [userInfo().username, password]);
  } finally {
    await connection.end();
  }
}

async function readPassword(layout: DatabaseLayout): Promise<string> {
  const text = await readFile(layout.administrator, 'utf8').catch(() => '');
  return /^password=(.*)$/m.exec(text)?.[1] ?? '';
}
