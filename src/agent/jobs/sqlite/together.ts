// oxlint-disable-next-line no-restricted-imports -- what else has arrived is heard; no time passes
import { setImmediate as turn } from 'node:timers/promises';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { type Database, guard } from '../../../state/database.ts';
import { retryWhileBusy } from '../../../state/retry.ts';

/** Changes in one transaction: nobody else's should wait long for it. */
const MOST = 32;

interface Change {
  /** Makes it, inside the transaction; what it returns tells whoever asked for it, once the transaction is on the disk. */
  readonly make: () => () => void;
  readonly fail: (error: unknown) => void;
}

/** Writes what was asked for in the meantime, in the order in which it was asked for. */
export interface TogetherWriter {
  /** Resolves when the change is on the disk. Throws what the change throws, and then nothing of it is there; DISK_FULL, BUSY, STATE_FAILED. Where the disk fails, what was made may be there. */
  readonly write: <T>(change: () => T) => Promise<T>;
  /** Writes what is not written yet, also what another process held up until now. */
  readonly close: () => void;
}

/**
 * All changes that are asked for in one turn of the event loop are made in one transaction, because what takes its time is the wait for the
 * disk: on a busy machine requests come in while it lasts, and one wait for each of them would let the queue before the agent grow. `sync`
 * waits for it; nobody is told of a change before.
 */
export function writeTogether(
  database: Database,
  work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  sync: () => void,
): TogetherWriter {
  let waiting: Change[] = [];
  /** Those that nobody has an answer to yet, in order. */
  const open = new Set<Change>();
  let writing = false;

  /** `immediate`, since a transaction that first reads and then writes may be refused at once (sqlite.org/lang_transaction.html). */
  const transact = (changes: readonly Change[]): (() => void)[] => {
    if (changes.length === 0) return [];
    const all = () => changes.map((change) => outcomeOf(database, change));
    return guard(database.name, () => database.transaction(all).immediate());
  };
  /** In one go: whoever closes the store in between would take what is made, and not told of yet, for what is still to be made. */
  const writeAndTell = (changes: readonly Change[]): void => {
    const made = transact(changes);
    try {
      guard(database.name, sync);
    } catch (error) {
      // They are made, but whether they stay nobody knows.
      for (const { fail } of changes) fail(error);
      return;
    }
    for (const tell of made) tell();
  };
  const attempt = async (changes: readonly Change[]): Promise<void> => {
    try {
      // What was held up may have been written by whoever closed the store, who does not do again what is told of here.
      await retryWhileBusy(work, () => writeAndTell(changes.filter((each) => open.has(each))));
    } catch (error) {
      // One for which there is no room takes those that it was made with along: each by itself, the others may find some.
      if (changes.length > 1 && !isBusy(error)) for (const change of changes) await attempt([change]);
      else for (const { fail } of changes) fail(error);
    }
  };
  const some = async (): Promise<void> => {
    const changes = waiting.slice(0, MOST);
    waiting = waiting.slice(MOST);
    await attempt(changes);
  };
  const loop = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    // Whatever else has arrived by now is heard first.
    while (waiting.length > 0) {
      await turn();
      await some();
    }
    writing = false;
  };

  return {
    write: <T>(change: () => T) =>
      new Promise<T>((resolve, reject) => {
        const own: Change = {
          make() {
            const value = change();
            return () => {
              open.delete(own);
              resolve(value);
            };
          },
          fail(error) {
            open.delete(own);
            reject(error);
          },
        };
        open.add(own);
        waiting.push(own);
        void loop();
      }),
    close() {
      const changes = [...open];
      waiting = [];
      try {
        writeAndTell(changes);
      } catch (error) {
        for (const { fail } of changes) fail(error);
      }
    },
  };
}

const isBusy = (error: unknown): boolean => toWpcloneError(error).code === 'BUSY';

/** A change that cannot be made takes back its own only; unless the whole transaction went with it, as on a full disk. */
function outcomeOf(database: Database, { make, fail }: Change): () => void {
  try {
    return guard(database.name, () => database.transaction(make)());
  } catch (error) {
    if (!database.inTransaction) throw error;
    return () => fail(error);
  }
}
