import { readdir } from 'node:fs/promises';
import type { RowDataPacket } from 'mysql2';
import { onDatabase } from './clone-database.ts';
import type { InstanceSite, LeftInside } from './types.ts';

/** What is in an instance: entries of its folders, and tables. Throws DATABASE_FAILED. */
export async function examineInstance({ paths, database }: InstanceSite, signal: AbortSignal): Promise<LeftInside> {
  const [www, baseline, mail, tables] = await Promise.all([
    readdir(paths.www),
    readdir(paths.baseline),
    readdir(paths.mail),
    onDatabase(database, signal, async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>('SHOW TABLES');
      return rows.length;
    }),
  ]);
  return { files: www.length + baseline.length, tables, mail: mail.length };
}
