import { rm } from 'node:fs/promises';
import type { TargetConnection } from '../database/connection.ts';
import { codeOf } from '../../shared/system.ts';
import { databaseError } from '../database/errors.ts';
import { addKeys } from '../database/finish.ts';
import type { TablePlan } from '../database/plan.ts';
import { quoteName } from '../database/sql-tokens.ts';
import type { TableFilesPlace, TransferSite } from '../types.ts';
import type { WarningCollector } from '../warnings.ts';
import { copyHashed } from './copy.ts';
import { serverFacts } from './facts.ts';
import {
  dropTableFiles,
  ENDINGS,
  isPlain,
  keptPath,
  livePath,
  putIndexBack,
  takeIndex,
  type KeptTable,
  type TableIndex,
} from './folder.ts';

/** The files of tables while a database is put back. */
export interface TableFiles {
  /**
   * Puts the content into a table that has just been made and is empty, with its keys. False when there are no files of it or they are not
   * what they were: then the table is as it was.
   */
  fill(connection: TargetConnection, table: TablePlan, warnings: WarningCollector): Promise<boolean>;
  /** All is well: the files that were used, of those tables that are to have some, may be used again. */
  finish(isWanted?: (table: string) => boolean): Promise<void>;
}

const NONE: TableFiles = { fill: async () => false, finish: async () => undefined };

/** To be called when the database has just been emptied. */
export async function openTableFiles(
  { tableFiles: place }: TransferSite,
  connection: TargetConnection,
  tables: readonly Pick<TablePlan, 'name'>[],
  signal: AbortSignal,
): Promise<TableFiles> {
  if (place === undefined) return NONE;
  // What an import that was cut off left keeps the server from making a table of that name.
  for (const { name } of tables) if (isPlain(name)) await removeLive(place, name);
  const index = await takeIndex(place);
  if (index === undefined) return NONE;
  if (index.server === (await serverFacts(connection))) return tableFiles(place, index, signal);
  await dropTableFiles(place);
  return NONE;
}

function tableFiles(place: TableFilesPlace, index: TableIndex, signal: AbortSignal): TableFiles {
  const kept = new Map(index.tables.map((table) => [table.name, table]));
  return {
    fill: async (connection, table, warnings) => {
      const files = kept.get(table.name);
      if (files === undefined) return false;
      try {
        await importTable(connection, table, files, place, { signal, warnings });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        const said = databaseError(error, 'Importing a table');
        // The server is gone, or busy with something else: that says nothing against the files.
        if (said.retryable && !(error instanceof BadFile)) throw error;
        await makeAnew(connection, table, place);
        kept.delete(table.name);
        if (said.code === 'DISK_FULL') {
          // Room for the rows, which are all that is needed.
          kept.clear();
          await dropTableFiles(place);
        }
        return false;
      }
    },
    finish: async (isWanted = () => true) => {
      for (const name of kept.keys()) if (!isWanted(name)) kept.delete(name);
      if (kept.size === 0) await dropTableFiles(place);
      else await putIndexBack(place, { server: index.server, tables: [...kept.values()] });
    },
  };
}

/** One of the two files cannot be copied, or is not what it was. Its code is that of the file system, when that is full. */
class BadFile extends Error {
  readonly code: string | undefined;
  constructor(file: string, cause?: unknown) {
    super(`The file ${file} of a table is damaged.`, { cause });
    this.code = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT' ? 'ENOSPC' : undefined;
  }
}

/** The server trusts a file that it imports: a damaged one could take it down, so each is compared on its way. */
async function importTable(
  connection: TargetConnection,
  table: TablePlan,
  files: KeptTable,
  place: TableFilesPlace,
  { signal, warnings }: { readonly signal: AbortSignal; readonly warnings: WarningCollector },
): Promise<void> {
  const { name } = table;
  await addKeys(connection, table, warnings);
  await connection.execute(`ALTER TABLE ${quoteName(name)} DISCARD TABLESPACE`);
  for (const ending of ENDINGS) {
    const copied = copyHashed(keptPath(place, name, ending), livePath(place, name, ending), signal);
    const sha256 = await copied.catch((error: unknown) => {
      throw new BadFile(`${name}.${ending}`, error);
    });
    if (sha256 !== files[ending]) throw new BadFile(`${name}.${ending}`);
  }
  await connection.execute(`ALTER TABLE ${quoteName(name)} IMPORT TABLESPACE`);
  await rm(livePath(place, name, 'cfg'), { force: true });
}

/** The empty table that it was before the import. */
async function makeAnew(connection: TargetConnection, table: TablePlan, place: TableFilesPlace): Promise<void> {
  await connection.execute(`DROP TABLE IF EXISTS ${quoteName(table.name)}`);
  await removeLive(place, table.name);
  await connection.execute(table.create);
}

async function removeLive(place: TableFilesPlace, table: string): Promise<void> {
  for (const ending of ENDINGS) await rm(livePath(place, table, ending), { force: true });
}
