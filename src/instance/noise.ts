import type { Connection, RowDataPacket } from 'mysql2/promise';
import { withTimeout } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { changedTables, compareWithBaseline } from '../transfer/origin/noise.ts';
import { writeNoise } from '../transfer/origin/ledger.ts';
import { onDatabase } from './clone-database.ts';
import { loadOwnRows, type OwnRow } from './own-rows.ts';
import type { InstanceSite } from './types.ts';

/** Milliseconds that finding out may take: it is worth little, and somebody waits for the clone. */
const LIMIT = 3000;

/**
 * Runs `visit` and notes what the site changed in its database by itself meanwhile: a person who changes something later is told
 * from a site that is never still. What cannot be found out in time is said in the note and costs the clone nothing.
 */
export async function notingNoise<T>(
  site: InstanceSite,
  work: Pick<WorkContext, 'sleep' | 'signal'>,
  visit: () => Promise<T>,
): Promise<T> {
  const since = await attempt(work, (signal) => onDatabase(site.database, signal, serverTime));
  const result = await visit();
  const noise =
    typeof since === 'string'
      ? since
      : await attempt(work, async (signal) => {
          const own = await loadOwnRows(site.paths);
          return onDatabase(site.database, signal, async (connection) =>
            compareWithBaseline(
              connection,
              site.paths.baseline,
              await changedTables(connection, since),
              (table, value) => isOwn(own, table, value),
            ),
          );
        });
  await writeNoise(site.paths.baseline, typeof noise === 'string' ? { unknown: noise, tables: [] } : { tables: noise });
  return result;
}

async function serverTime(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT UNIX_TIMESTAMP() AS now');
  return Number(rows[0]?.['now']);
}

/** What it returns, or why it came to nothing. */
async function attempt<T>(
  work: Pick<WorkContext, 'sleep' | 'signal'>,
  find: (signal: AbortSignal) => Promise<T>,
): Promise<T | string> {
  try {
    return await withTimeout(LIMIT, work, new Error('It took too long.'), (limit) =>
      find(AbortSignal.any([work.signal, limit])),
    );
  } catch (error) {
    work.signal.throwIfAborted();
    return toWpcloneError(error).message;
  }
}

/** Our administrator with all that WordPress keeps about a user, and the sessions that were dropped. */
function isOwn(own: readonly OwnRow[], table: string, value: (column: string) => string | undefined): boolean {
  if (value('meta_key') === 'session_tokens') return true;
  return own.some((row) => {
    const id = row.values['ID'] ?? row.values['user_id'];
    return row.table === table && id !== undefined && (value('user_id') ?? value('ID')) === String(id);
  });
}
