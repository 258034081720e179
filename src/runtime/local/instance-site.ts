import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSite, TableFilesPlace } from '../../instance/types.ts';
import { administratorAddress } from './database-administrator.ts';
import { databaseAddress, databaseName } from './databases.ts';
import { instancePaths, storePath, type LocalLayout } from './layout.ts';
import type { HeldUnit } from './lease.ts';

/** Bytes of the disk that are left to clones: with less than that no tables are kept as files. */
const RESERVE = 2e9;

/** Where everything of a unit that holds a clone is. */
export function siteOf(
  layout: LocalLayout,
  { name, databasePassword, clone }: HeldUnit,
): InstanceSite & { readonly tableFiles: TableFilesPlace } {
  const database = databaseName(name);
  return {
    paths: instancePaths(layout, name),
    database: databaseAddress(layout, name, databasePassword),
    store: storePath(layout, clone.sourceUrl),
    memoryKey: () => memoryKey(layout),
    tableFiles: {
      data: join(layout.database.data, database),
      kept: join(layout.database.tables, database),
      administrator: () => administratorAddress(layout.database, database),
      hasRoom: (bytes) => hasRoom(layout, bytes),
    },
  };
}

/** Of the home's key, so that it need not be kept anywhere. */
async function memoryKey({ home }: LocalLayout): Promise<Buffer> {
  const secret = await readFile(join(home, 'secret.key'));
  return createHash('sha256').update('memory of clones\n').update(secret).digest();
}

/** Whether so many bytes more leave clones the room that they may need. */
export async function hasRoom({ home }: LocalLayout, bytes: number): Promise<boolean> {
  const disk = await statfs(home);
  return disk.bavail * disk.bsize - bytes >= RESERVE;
}
