import type { BaselineTable } from '../baseline/database.ts';
import { connectTarget } from '../database/connection.ts';
import type { TableFilesPlace, TransferSite } from '../types.ts';
import { describeTables, serverFacts } from './facts.ts';
import { isPlain, writeMark } from './folder.ts';

/** Bytes of rows from which on an import is faster than loading the rows; below it costs more than it saves. */
const LEAST_BYTES = 4_000_000;

/**
 * Notes how the tables are at a moment when each is equal to its file of rows and nobody can write to it, so that files are made later
 * of those that still are the same. Costs two questions, and nothing where no table is large.
 */
export async function markTables(
  { tableFiles: place }: TransferSite,
  loaded: readonly BaselineTable[],
  signal: AbortSignal,
): Promise<void> {
  const names = loaded.filter(({ name, bytes }) => bytes >= LEAST_BYTES && isPlain(name)).map(({ name }) => name);
  if (place === undefined || names.length === 0) return;
  try {
    await mark(place, names, signal);
  } catch {
    // All that is lost is time at the next reset: no clone fails for that.
    signal.throwIfAborted();
  }
}

async function mark(place: TableFilesPlace, names: readonly string[], signal: AbortSignal): Promise<void> {
  const connection = await connectTarget(await place.administrator(), signal);
  try {
    const server = await serverFacts(connection);
    if (server === undefined) return;
    const [clock] = await connection.query('SELECT UNIX_TIMESTAMP() AS now');
    // A change that began in the second of the last one that counts could not be told from it.
    const tables = (await describeTables(connection, names)).filter(({ updated }) => updated < Number(clock?.['now']));
    await writeMark(place, { server, tables });
  } finally {
    await connection.close();
  }
}
