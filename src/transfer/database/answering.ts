import { createConnection } from 'mysql2/promise';
// oxlint-disable-next-line no-restricted-imports -- what is watched is another program, which goes by real time
import { setTimeout as wait } from 'node:timers/promises';
import { SESSION_SETTINGS } from '../../shared/database-session.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { DatabaseAddress } from '../types.ts';

/** Milliseconds between two looks at the server, and until it must have greeted a new connection. */
const PAUSE = 5_000;
const GREETING_LIMIT = 15_000;
/** Looks in a row that must have failed: a machine that slept takes the first one's time for spent when it wakes. */
const MISSES = 2;

/**
 * Runs `work` for as long as the server greets new connections. A statement may take as long as it likes, but a server that is
 * frozen keeps its connections open and says nothing on them: `work` is then aborted, waited for, and DATABASE_FAILED is thrown.
 */
export async function whileAnswering<T>(
  address: DatabaseAddress,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [silent, over] = [new AbortController(), new AbortController()];
  lookAgainAndAgain(address, AbortSignal.any([outer, over.signal]), silent).catch(() => undefined);
  try {
    return await work(AbortSignal.any([outer, silent.signal]));
  } catch (error) {
    outer.throwIfAborted();
    silent.signal.throwIfAborted();
    throw error;
  } finally {
    over.abort();
  }
}

async function lookAgainAndAgain(address: DatabaseAddress, signal: AbortSignal, silent: AbortController) {
  for (let misses = 0; misses < MISSES;) {
    await wait(PAUSE, undefined, { signal });
    misses = (await greets(address)) ? 0 : misses + 1;
  }
  silent.abort(new WpcloneError('DATABASE_FAILED', 'The clone’s database server does not answer any more.'));
}

/** A refusal is an answer too, and a server that is not there has closed the connections it had. */
async function greets({ socketPath, host, port, user, password }: DatabaseAddress): Promise<boolean> {
  const server = socketPath === undefined ? { host, port } : { socketPath };
  try {
    const connection = await createConnection({
      ...SESSION_SETTINGS,
      ...server,
      user,
      password,
      connectTimeout: GREETING_LIMIT,
    });
    await connection.end();
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT');
  }
}
