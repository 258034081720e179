import type { Connection, ResultSetHeader } from 'mysql2/promise';
import type { SiteInfo } from '../site/info.ts';
import type { OwnRow } from './own-rows.ts';

export interface Administrator {
  readonly username: string;
  readonly passwordHash: string;
  readonly email: string;
  /** `YYYY-MM-DD HH:MM:SS`, UTC. */
  readonly registered: string;
}

/**
 * Adds an administrator beside the source's users and returns the rows that make one. What an earlier try left of the same one
 * is taken away first: without its rights it would be the one that is found.
 */
export async function addAdministrator(
  connection: Connection,
  info: SiteInfo,
  administrator: Administrator,
): Promise<readonly OwnRow[]> {
  const { users, usermeta } = userTables(info);
  await removeAdministrator(connection, { users, usermeta }, administrator);
  const user: OwnRow = {
    table: users,
    values: {
      user_login: administrator.username,
      user_pass: administrator.passwordHash,
      user_nicename: administrator.username,
      user_email: administrator.email,
      user_registered: administrator.registered,
      display_name: administrator.username,
    },
  };
  const id = await insert(connection, user);
  const rows: OwnRow[] = [{ ...user, values: { ID: id, ...user.values } }];
  for (const [name, value] of Object.entries(metaOf(info.tablePrefix, administrator.username))) {
    const row: OwnRow = {
      table: usermeta,
      values: { user_id: id, meta_key: name, meta_value: value },
    };
    rows.push({ ...row, values: { umeta_id: await insert(connection, row), ...row.values } });
  }
  return rows;
}

/** By name and address: the numbers of rows that were written just before a kill are not known. The user last, by whom the rest is found. */
async function removeAdministrator(
  connection: Connection,
  { users, usermeta }: UserTables,
  { username, email }: Administrator,
): Promise<void> {
  const ours = 'user_login = ? AND user_email = ?';
  await connection.query(`DELETE FROM ?? WHERE user_id IN (SELECT ID FROM ?? WHERE ${ours})`, [
    usermeta,
    users,
    username,
    email,
  ]);
  await connection.query(`DELETE FROM ?? WHERE ${ours}`, [users, username, email]);
}

/** Deletes the log-in sessions of the source's users. Without the source's salts they are worthless here; a copy need not hold them. */
export async function dropSessions(connection: Connection, info: SiteInfo): Promise<void> {
  await connection.query("DELETE FROM ?? WHERE meta_key = 'session_tokens'", [userTables(info).usermeta]);
}

/** The rows that `dropSessions` deletes. */
export const droppedSessions = (info: SiteInfo) => ({
  table: userTables(info).usermeta,
  where: { meta_key: 'session_tokens' },
});

interface UserTables {
  readonly users: string;
  readonly usermeta: string;
}

function userTables(info: SiteInfo): UserTables {
  const { CUSTOM_USER_TABLE: users, CUSTOM_USER_META_TABLE: usermeta } = info.constants;
  return {
    users: typeof users === 'string' ? users : `${info.tablePrefix}users`,
    usermeta: typeof usermeta === 'string' ? usermeta : `${info.tablePrefix}usermeta`,
  };
}

/** What wp_insert_user writes for an administrator; the keys carry the site's table prefix. */
const metaOf = (prefix: string, username: string): Record<string, string> => ({
  nickname: username,
  [`${prefix}capabilities`]: 'a:1:{s:13:"administrator";b:1;}',
  [`${prefix}user_level`]: '10',
  rich_editing: 'true',
  show_admin_bar_front: 'true',
  show_welcome_panel: '0',
});

async function insert(connection: Connection, row: OwnRow): Promise<number> {
  const [result] = await connection.query<ResultSetHeader>('INSERT INTO ?? SET ?', [row.table, row.values]);
  return result.insertId;
}
