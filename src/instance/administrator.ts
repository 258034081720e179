import type { Connection, RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import type { SiteInfo } from '../site/info.ts';
import { insertOwnRows, type OwnRow } from './own-rows.ts';
import { userTables, type UserTables } from './user-tables.ts';

export interface Administrator {
  readonly username: string;
  readonly passwordHash: string;
  readonly email: string;
  /** `YYYY-MM-DD HH:MM:SS`, UTC. */
  readonly registered: string;
}

/** An administrator that came with the copy. */
export interface SourceAdministrator {
  readonly id: number;
  readonly login: string;
  /** PHP-serialized, as WordPress keeps them. */
  readonly capabilities: string;
}

/**
 * The administrator that was used at the source: the one who gave wpclone its key, else the one with the log-in name or the address
 * of mail `username`; else the first one there is. Undefined when there is none. `except` is never meant.
 */
export async function findSourceAdministrator(
  connection: Connection,
  info: SiteInfo,
  { username, except }: { readonly username?: string | undefined; readonly except: string },
): Promise<SourceAdministrator | undefined> {
  const { users, usermeta } = userTables(info);
  const { tablePrefix: prefix } = info;
  // Null is equal to nothing, unlike an empty name or address.
  const known = [info.administrator ?? null, username ?? null, username ?? null];
  // WordPress keeps level 10 with whoever has all the rights of an administrator, whatever the role is called.
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT u.ID AS id, u.user_login AS login, c.meta_value AS capabilities
     FROM ?? u JOIN ?? c ON c.user_id = u.ID AND c.meta_key = ?
     LEFT JOIN ?? l ON l.user_id = u.ID AND l.meta_key = ?
     WHERE u.user_login <> ? AND (u.ID = ? OR u.user_login = ? OR u.user_email = ? OR l.meta_value = '10')
     ORDER BY u.ID <=> ? DESC, u.user_login <=> ? DESC, u.user_email <=> ? DESC, u.ID LIMIT 1`,
    [users, usermeta, `${prefix}capabilities`, usermeta, `${prefix}user_level`, except, ...known, ...known],
  );
  const [row] = administratorSchema.array().parse(rows);
  return row;
}

const administratorSchema = z.object({ id: z.number(), login: z.string(), capabilities: z.string() });

/**
 * Adds an administrator beside the source's users and returns the rows that make one. What an earlier try left of the same one
 * is taken away first: without its rights it would be the one that is found. Its rights are those of the administrator that was used
 * at the source: the role may have another name there, or none.
 */
export async function addAdministrator(
  connection: Connection,
  info: SiteInfo,
  administrator: Administrator,
  sourceUsername?: string,
): Promise<readonly OwnRow[]> {
  const { users, usermeta } = userTables(info);
  const { username } = administrator;
  await removeAdministrator(connection, { users, usermeta }, administrator);
  const like = await findSourceAdministrator(connection, info, { username: sourceUsername, except: username });
  const id = await nextNumber(connection, users, 'ID');
  const user: OwnRow = {
    table: users,
    values: {
      ID: id,
      user_login: username,
      user_pass: administrator.passwordHash,
      user_nicename: username,
      user_email: administrator.email,
      user_registered: administrator.registered,
      display_name: username,
    },
  };
  const first = await nextNumber(connection, usermeta, 'umeta_id');
  const meta = Object.entries(metaOf(info.tablePrefix, username, like)).map(([name, value], index): OwnRow => ({
    table: usermeta,
    values: { umeta_id: first + index, user_id: id, meta_key: name, meta_value: value },
  }));
  const rows = [user, ...meta];
  await insertOwnRows(connection, rows);
  return rows;
}

/** A number that no row has or had: a table that was badly imported may have lost what counts them. */
async function nextNumber(connection: Connection, table: string, column: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT GREATEST(COALESCE((SELECT MAX(??) FROM ??), 0) + 1, COALESCE((SELECT AUTO_INCREMENT FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?), 1)) AS next`,
    [column, table, table],
  );
  return z.object({ next: z.coerce.number() }).parse(rows[0]).next;
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

/** What wp_insert_user writes for an administrator; the keys carry the site's table prefix. */
const metaOf = (prefix: string, username: string, like: SourceAdministrator | undefined): Record<string, string> => ({
  nickname: username,
  [`${prefix}capabilities`]: like?.capabilities ?? 'a:1:{s:13:"administrator";b:1;}',
  [`${prefix}user_level`]: '10',
  rich_editing: 'true',
  show_admin_bar_front: 'true',
  show_welcome_panel: '0',
  // A session is then an update of this row, which needs nothing that counts rows.
  session_tokens: 'a:0:{}',
});
