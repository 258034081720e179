import { rm, stat } from 'node:fs/promises';
import { codeOf } from '../../shared/system.ts';
import { connectTarget, type TargetConnection } from '../database/connection.ts';
import { databaseError } from '../database/errors.ts';
import { quoteName } from '../database/sql-tokens.ts';
import type { TableFilesPlace, TransferSite } from '../types.ts';
import { copyHashed } from './copy.ts';
import { describeTables, serverFacts } from './facts.ts';
import {
  ENDINGS,
  keptPath,
  livePath,
  readIndex,
  readMark,
  writeIndex,
  writeMark,
  type KeptTable,
  type Mark,
  type MarkedTable,
} from './folder.ts';

/** Seconds to wait for a table that the clone is writing to: it comes first. */
const LOCK_SECONDS = 2;

/**
 * Makes files of the marked tables that are still as they were. The clone goes on meanwhile; while a table is copied, what writes to it
 * waits. Tables for which there is no time or room now stay marked for the next try. Throws DATABASE_FAILED, DISK_FULL.
 */
export async function makeTableFiles({ tableFiles: place }: TransferSite, signal: AbortSignal): Promise<void> {
  const mark = place && (await readMark(place));
  if (place === undefined || mark === undefined) return;
  const connection = await connectTarget(await place.administrator(), signal);
  try {
    await connection.execute(`SET SESSION lock_wait_timeout = ${LOCK_SECONDS}`);
    if ((await serverFacts(connection)) !== mark.server)
      return await writeMark(place, { server: mark.server, tables: [] });
    await makeAll(connection, place, mark, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw databaseError(error, 'Keeping the tables as files');
  } finally {
    connection.destroy();
  }
}

async function makeAll(
  connection: TargetConnection,
  place: TableFilesPlace,
  mark: Mark,
  signal: AbortSignal,
): Promise<void> {
  const made: KeptTable[] = [];
  const waiting: MarkedTable[] = [];
  for (const table of mark.tables) {
    const kept = await makeOne(connection, place, table, signal);
    if (kept === 'later') waiting.push(table);
    else if (kept !== 'changed') made.push(kept);
  }
  const names = new Set(made.map(({ name }) => name));
  const before = await readIndex(place);
  const others = before?.server === mark.server ? before.tables.filter(({ name }) => !names.has(name)) : [];
  if (made.length > 0) await writeIndex(place, { server: mark.server, tables: [...others, ...made] });
  // A reset that came between has marks of its own.
  const now = await readMark(place);
  if (now && JSON.stringify(now) === JSON.stringify(mark))
    await writeMark(place, { server: mark.server, tables: waiting });
}

/** Of a table under the server's own lock, so that what is compared is what is copied. */
async function makeOne(
  connection: TargetConnection,
  place: TableFilesPlace,
  table: MarkedTable,
  signal: AbortSignal,
): Promise<KeptTable | 'changed' | 'later'> {
  if (!(await isUnchanged(connection, table))) return 'changed';
  const { size } = await stat(livePath(place, table.name, 'ibd'));
  if (!(await place.hasRoom(size))) return 'later';
  try {
    await connection.execute(`FLUSH TABLES ${quoteName(table.name)} FOR EXPORT`);
  } catch (error) {
    const busy = databaseError(error, 'Locking a table').retryable && codeOf(error)?.startsWith('ER_') === true;
    if (busy) return 'later';
    throw error;
  }
  try {
    if (!(await isUnchanged(connection, table))) return 'changed';
    for (const ending of ENDINGS) await rm(keptPath(place, table.name, ending), { force: true });
    const copy = (ending: (typeof ENDINGS)[number]) =>
      copyHashed(livePath(place, table.name, ending), keptPath(place, table.name, ending), signal);
    return { name: table.name, ibd: await copy('ibd'), cfg: await copy('cfg') };
  } finally {
    await connection.execute('UNLOCK TABLES');
  }
}

async function isUnchanged(connection: TargetConnection, table: MarkedTable): Promise<boolean> {
  const [now] = await describeTables(connection, [table.name]);
  return now?.id === table.id && now.updated === table.updated && now.definition === table.definition;
}
