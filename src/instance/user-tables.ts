import type { Connection, RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import type { Warning } from '../shared/events.ts';
import { printable } from '../shared/format.ts';
import type { SiteInfo } from '../site/info.ts';

/** Where a clone has its users. */
export interface UserTables {
  readonly users: string;
  readonly usermeta: string;
}

/** As WordPress makes them (wp-admin/includes/schema.php). */
const COLUMNS: Readonly<Record<keyof UserTables, string>> = {
  users: `ID bigint(20) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_login varchar(60) NOT NULL DEFAULT '',
    user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '', user_email varchar(100) NOT NULL DEFAULT '',
    user_url varchar(100) NOT NULL DEFAULT '', user_registered datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
    user_activation_key varchar(255) NOT NULL DEFAULT '', user_status int(11) NOT NULL DEFAULT 0,
    display_name varchar(250) NOT NULL DEFAULT '', KEY user_login_key (user_login), KEY user_nicename (user_nicename), KEY user_email (user_email)`,
  usermeta: `umeta_id bigint(20) unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint(20) unsigned NOT NULL DEFAULT 0,
    meta_key varchar(255) DEFAULT NULL, meta_value longtext, KEY user_id (user_id), KEY meta_key (meta_key(191))`,
};

/** The site's own tables for users, or those that it shares with another site of its database. */
export function userTables({ constants, tablePrefix }: SiteInfo): UserTables {
  const { CUSTOM_USER_TABLE: users, CUSTOM_USER_META_TABLE: usermeta } = constants;
  return {
    users: typeof users === 'string' ? users : `${tablePrefix}users`,
    usermeta: typeof usermeta === 'string' ? usermeta : `${tablePrefix}usermeta`,
  };
}

/**
 * Makes those that did not come along, as views of another site's users do not: without them nobody could log in. Returns what to tell of that.
 */
export async function makeUserTables(connection: Connection, info: SiteInfo): Promise<readonly Warning[]> {
  const tables = userTables(info);
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?)',
    [Object.values(tables)],
  );
  const there = new Set(
    z
      .array(z.object({ name: z.string().toLowerCase() }))
      .parse(rows)
      .map(({ name }) => name),
  );
  const missing = (['users', 'usermeta'] as const).filter((what) => !there.has(tables[what].toLowerCase()));
  if (missing.length === 0) return [];
  for (const what of missing) await connection.query(`CREATE TABLE ?? (${COLUMNS[what]})`, [tables[what]]);
  const names = missing.map((what) => printable(tables[what]).slice(0, 64)).join(' and ');
  const message = `The users of the site were left out: ${names} could not be copied. The clone has its own administrator only.`;
  return [{ code: 'USERS_LEFT_OUT', message }];
}
