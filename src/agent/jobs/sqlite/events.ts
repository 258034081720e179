import type { Database } from '../../../state/database.ts';
import type { JobEvent, StoredEvent } from '../types.ts';

/** Adds to the log; call it in the transaction that makes true what it says. Returns its sequence number. */
export function addEvent(database: Database, job: number, at: number, event: JobEvent): number {
  const { lastInsertRowid } = database
    .prepare('INSERT INTO events (job, at, event) VALUES (?, ?, ?)')
    .run(job, at, JSON.stringify(event));
  return Number(lastInsertRowid);
}

/** Also of one that is gone by now: a number is given once. */
export const newestEvent = (database: Database): number =>
  Number(database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`).pluck().get() ?? 0);

interface EventRow {
  readonly sequence: number;
  readonly job: string;
  readonly at: number;
  readonly event: string;
}

const SELECT = 'SELECT e.sequence, j.id AS job, e.at, e.event FROM events e JOIN jobs j ON j.sequence = e.job';

/** All at once, never by a cursor: one that is left open would hold the log back from being cleaned up (sqlite.org/wal.html). */
export function eventsAfter(
  database: Database,
  after: number,
  options: { readonly job?: string; readonly limit: number },
): readonly StoredEvent[] {
  const rows =
    options.job === undefined
      ? database
          .prepare<[number, number], EventRow>(`${SELECT} WHERE e.sequence > ? ORDER BY e.sequence LIMIT ?`)
          .all(after, options.limit)
      : database
          .prepare<[string, number, number], EventRow>(
            `${SELECT} WHERE e.job = (SELECT sequence FROM jobs WHERE id = ?) AND e.sequence > ? ORDER BY e.sequence LIMIT ?`,
          )
          .all(options.job, after, options.limit);
  return rows.map((row) => ({ ...row, event: JSON.parse(row.event) }));
}

/**
 * What a step counted on its way is of no use once the job has ended, and it is most of the log. Readers that are still there lose
 * nothing: state, warnings and results stay.
 */
export function dropProgress(database: Database, job: number): void {
  database.prepare(`DELETE FROM events WHERE job = ? AND event ->> 'type' = 'step-progress'`).run(job);
}
