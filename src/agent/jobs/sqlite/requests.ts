import { WpcloneError } from '../../../shared/errors.ts';
import type { Job, JobCounts, JobFilter, JsonObject, Secrets } from '../types.ts';
import { cancelledReport, end } from './attempts.ts';
import { addEvent } from './events.ts';
import { type JobRow, openConfidential, openSecrets, rowOf, type StoreParts, toJob } from './rows.ts';

/** Runs inside one immediate transaction. Throws JOB_NOT_FOUND, JOB_ENDED. */
export function cancel(parts: StoreParts, id: string): Job {
  const row = rowOf(parts.database, id);
  const { state } = row;
  if (state === 'pending' && !wasCutOff(row)) return end(parts, row, 'failed', cancelledReport());
  if (state !== 'running' && state !== 'pending') {
    throw new WpcloneError('JOB_ENDED', `The job ${id} is ${state}.`, { details: { job: id } });
  }
  if (row.cancel_requested === 0) {
    const at = parts.now();
    parts.database
      .prepare(
        'UPDATE jobs SET cancel_requested = 1, secrets = NULL, not_before = min(not_before, ?) WHERE sequence = ?',
      )
      .run(at, row.sequence);
    const { attempt } = toJob(row);
    addEvent(parts.database, row.sequence, at, { type: 'job', state, attempt, reason: 'cancelling' });
  }
  return toJob(rowOf(parts.database, id));
}

/** Whether the last attempt has left its process in the checkpoint (work/checkpoint.ts): then nobody has looked yet at what it left. */
function wasCutOff({ checkpoint }: JobRow): boolean {
  const left: JsonObject = checkpoint === null ? {} : JSON.parse(checkpoint);
  return left['worker'] !== undefined;
}

export const confidential = ({ database, box }: StoreParts, id: string): JsonObject =>
  openConfidential(box, rowOf(database, id));

export function resultSecrets({ database, box }: StoreParts, id: string): Secrets {
  return openSecrets(box, id, 'result_secrets', rowOf(database, id).result_secrets);
}

const MOST_LISTED = 500;

export function list({ database }: StoreParts, filter: JobFilter = {}): readonly Job[] {
  const rows = database
    .prepare<[object], JobRow>(
      `SELECT * FROM jobs
       WHERE (@anyCustomer OR customer IS @customer)
         AND (@states IS NULL OR state IN (SELECT value FROM json_each(@states)))
         AND (@kinds IS NULL OR kind IN (SELECT value FROM json_each(@kinds)))
         ${filter.clone === undefined ? '' : 'AND clone = @clone'}
         AND (@before IS NULL OR sequence < (SELECT sequence FROM jobs WHERE id = @before))
       ORDER BY sequence DESC LIMIT @limit`,
    )
    .all({
      anyCustomer: filter.customer === undefined ? 1 : 0,
      customer: filter.customer ?? null,
      states: filter.states === undefined ? null : JSON.stringify(filter.states),
      kinds: filter.kinds === undefined ? null : JSON.stringify(filter.kinds),
      clone: filter.clone ?? null,
      before: filter.before ?? null,
      limit: Math.min(filter.limit ?? MOST_LISTED, MOST_LISTED),
    });
  return rows.map(toJob);
}

export function counts({ database, now }: StoreParts): JobCounts {
  const byState = new Map(
    database
      .prepare<[], { state: string; n: number }>('SELECT state, jobs AS n FROM job_counts')
      .all()
      .map(({ state, n }) => [state, n]),
  );
  const oldest = database
    .prepare<[number], number>(`SELECT min(created_at) FROM jobs WHERE state = 'pending' AND not_before <= ?`)
    .pluck()
    .get(now());
  return {
    pending: byState.get('pending') ?? 0,
    running: byState.get('running') ?? 0,
    completed: byState.get('completed') ?? 0,
    failed: byState.get('failed') ?? 0,
    oldestPendingAt: oldest ?? null,
  };
}

export function probe({ database, now }: StoreParts): void {
  database.prepare('INSERT OR REPLACE INTO probe (id, at) VALUES (1, ?)').run(now());
}

/** A few at a time: a long delete would hold up everybody else's writes. */
export function pruneSome({ database }: StoreParts, endedBefore: number, most: number): number {
  return database
    .prepare(
      'DELETE FROM jobs WHERE sequence IN (SELECT sequence FROM jobs WHERE finished_at < ? ORDER BY finished_at LIMIT ?)',
    )
    .run(endedBefore, most).changes;
}
