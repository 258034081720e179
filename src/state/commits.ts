import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import type { Database } from './database.ts';

/** Commits after which what is in the log is brought to its place: some 4 MB of it. */
const COMMITS = 128;
/** Pages of log (40 MB) after which SQLite does that itself, at whoever commits: where the thread cannot, or commits come without a pause, so that the log is never done with as a whole and begun anew. */
const MOST_PAGES = 10_000;

/** How what a connection commits gets to the disk. */
export interface Commits {
  /** Returns when all that was committed until now outlives a power cut. Throws what the file system throws. */
  readonly sync: () => void;
  readonly close: () => void;
}

/**
 * As `synchronous = FULL`, for a process that answers others meanwhile. That setting does one thing more than NORMAL: after a commit it has
 * the log written to the disk (wal.c, walFrames), by fsync(2), since better-sqlite3 is built without the other; so a log that is only written
 * over waits for the time of its last change too. And whoever makes the commit that fills the log brings all of it to its place, which takes
 * a busy disk a tenth of a second; here a thread does. Without a log, as on a network's file system, SQLite goes on as it was told.
 */
export function syncCommits(database: Database, { log: notes }: Pick<WorkContext, 'log'>): Commits {
  if (database.pragma('journal_mode', { simple: true }) !== 'wal') return { sync: nothing, close: nothing };
  let log: number | undefined = openSync(`${database.name}-wal`, 'r');
  database.pragma('synchronous = NORMAL');
  database.pragma(`wal_autocheckpoint = ${MOST_PAGES}`);
  const thread = checkpointThread(database.name, notes);
  // What a transaction only looked at needs no disk.
  const changes = (): unknown => database.prepare('SELECT total_changes()').pluck().get();
  let synced: unknown;
  let commits = 0;
  let isDoubtful = false;
  return {
    sync() {
      const made = changes();
      if (made === synced || log === undefined) return;
      if (isDoubtful) beginLogAnew(database);
      isDoubtful = true;
      fdatasyncSync(log);
      isDoubtful = false;
      synced = made;
      commits += 1;
      if (commits % COMMITS === 0) thread.work();
    },
    close() {
      thread.end();
      // Once: by then the number may be another file's.
      if (log !== undefined) closeSync(log);
      log = undefined;
    },
  };
}

/**
 * The kernel tells once of what it could not write, and then takes it for written: a later wait would succeed, and after a power cut nothing
 * behind that hole in the log would be found. So all of it is brought to its place first, and the log is empty.
 */
function beginLogAnew(database: Database): void {
  const state = database.prepare<[], { readonly busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)').get();
  if (state?.busy === 0) return;
  throw new WpcloneError('BUSY', `The log of ${database.name} is still read by another process.`, { retryable: true });
}

function nothing(): void {
  // SQLite does it.
}

/** The thread starts when it is first needed: an agent that is seldom asked does without its memory. */
function checkpointThread(file: string, notes: WorkContext['log']): { work(): void; end(): void } {
  let thread: Worker | undefined;
  return {
    work() {
      if (thread === undefined) {
        const code = import.meta.url.endsWith('.ts') ? './checkpoint-worker.ts' : './checkpoint-worker.js';
        const started = new Worker(new URL(code, import.meta.url), {
          workerData: file,
          resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
        });
        started.unref();
        // The log grows until it is needed again, and then there is another one.
        started.once('error', (error) => {
          thread = undefined;
          notes.warn('the log of the database was not put in order', { file, error: toWpcloneError(error).message });
        });
        thread = started;
      }
      thread.postMessage('work', []);
    },
    end: () => void thread?.terminate(),
  };
}
