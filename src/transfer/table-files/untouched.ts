import { isDeepStrictEqual } from 'node:util';
import { connectTarget } from '../database/connection.ts';
import type { TransferSite } from '../types.ts';
import { describeTables } from './facts.ts';
import { readLoaded } from './folder.ts';

/**
 * Names of large tables that nobody has written to since their rows were loaded: the server's number, definition and time of the last change are
 * what they were. A server that was started anew does not know that time any more, so that none is named. A change that is being committed
 * at this very moment may not show yet.
 */
export async function untouchedTables(
  { tableFiles: place }: TransferSite,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  try {
    const loaded = place === undefined ? [] : await readLoaded(place);
    if (place === undefined || loaded.length === 0) return new Set();
    const connection = await connectTarget(await place.administrator(), signal);
    try {
      const names = loaded.map(({ name }) => name);
      const now = new Map((await describeTables(connection, names)).map((table) => [table.name, table]));
      return new Set(names.filter((name, at) => isDeepStrictEqual(now.get(name), loaded[at])));
    } finally {
      connection.destroy();
    }
  } catch {
    // All that is lost is time.
    signal.throwIfAborted();
    return new Set();
  }
}
