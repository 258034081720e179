import { isDeepStrictEqual } from 'node:util';
import type { BaselineTable } from '../baseline/database.ts';
import { connectTarget, type TargetConnection } from '../database/connection.ts';
import type { TableFilesPlace, TransferSite } from '../types.ts';
import { describeTables, serverFacts } from './facts.ts';
import { isPlain, readLoaded, readMark, writeLoaded, writeMark, type Mark, type MarkedTable } from './folder.ts';

/** Bytes of rows from which on an import is faster than loading the rows; below it costs more than it saves. */
export const LEAST_BYTES = 4_000_000;

/**
 * Notes how the tables are at a moment when each is equal to its file of rows and nobody can write to it, so that files are made later
 * of those that still are the same. Costs two questions, and nothing where no table is large.
 */
export async function markTables(
  { tableFiles: place }: TransferSite,
  loaded: readonly Pick<BaselineTable, 'name' | 'bytes'>[],
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

/**
 * Looks once more at tables that were loaded in the very second in which they were marked. To be called before anybody could write to them. Costs
 * nothing where there are none.
 */
export async function settleMarks({ tableFiles: place }: TransferSite, signal: AbortSignal): Promise<void> {
  try {
    const marked = place && (await readMark(place));
    if (place !== undefined && marked?.young !== undefined) await settle(place, marked, marked.young, signal);
  } catch {
    // As above.
    signal.throwIfAborted();
  }
}

async function settle(
  place: TableFilesPlace,
  { server, tables }: Mark,
  young: readonly MarkedTable[],
  signal: AbortSignal,
): Promise<void> {
  const connection = await connectTarget(await place.administrator(), signal);
  try {
    const isOld = await oldUntilNow(connection);
    const names = young.map(({ name }) => name);
    const now = new Map((await describeTables(connection, names)).map((table) => [table.name, table]));
    const settled = young.filter((table) => isOld(table) && isDeepStrictEqual(now.get(table.name), table));
    await writeMark(place, { server, tables: [...tables, ...settled] });
    await writeLoaded(place, [...(await readLoaded(place)), ...settled]);
  } finally {
    await connection.close();
  }
}

/** Seconds: a change gets its time from a clock of the system that goes by ticks, which may be some milliseconds late. */
const LATE = 0.1;

/** Whether the second is over in which a table was written to last: a change that begins in the same one could not be told from that. */
async function oldUntilNow(connection: TargetConnection): Promise<(table: MarkedTable) => boolean> {
  const [clock] = await connection.query('SELECT UNIX_TIMESTAMP(NOW(6)) AS now');
  const over = Math.floor(Number(clock?.['now']) - LATE);
  return ({ updated }) => updated < over;
}

async function mark(place: TableFilesPlace, names: readonly string[], signal: AbortSignal): Promise<void> {
  const connection = await connectTarget(await place.administrator(), signal);
  try {
    const server = await serverFacts(connection);
    if (server === undefined) return;
    const isOld = await oldUntilNow(connection);
    const found = await describeTables(connection, names);
    const young = found.filter((table) => !isOld(table));
    const tables = found.filter(isOld);
    await writeMark(place, { server, tables, ...(young.length > 0 && { young }) });
    await writeLoaded(place, tables);
  } finally {
    await connection.close();
  }
}
