import { type ErrorReport, reportOf, WpcloneError } from '../../../shared/errors.ts';
import { isOutage, MAX_LOSSES } from '../retry.ts';
import type { Attempt, Job, JobEvent, JsonObject, Secrets } from '../types.ts';
import { addEvent, dropProgress } from './events.ts';
import { findRow, type JobRow, rowOf, sealSecrets, type StoreParts, toJob } from './rows.ts';

/*
 * Writes of the owner of an attempt. Each runs inside one immediate transaction, which `owned` begins by looking whether the
 * attempt is still the newest one; so nobody needs to repeat the condition.
 */

/** Throws LEASE_LOST. */
export function owned({ database }: StoreParts, { id, epoch }: Attempt): JobRow {
  const row = findRow(database, id);
  if (row?.state === 'running' && row.epoch === epoch) return row;
  const message = `Attempt ${epoch} of the job ${id} is over: ${row === undefined ? 'the job is gone' : `the job is ${row.state}`}.`;
  throw new WpcloneError('LEASE_LOST', message, { details: { job: id } });
}

export function append(parts: StoreParts, attempt: Attempt, event: JobEvent, progress?: number): number {
  const row = owned(parts, attempt);
  const message = 'message' in event && typeof event.message === 'string' ? event.message : null;
  parts.database
    .prepare('UPDATE jobs SET progress = max(progress, min(?, 100)), message = coalesce(?, message) WHERE sequence = ?')
    .run(Math.floor(progress ?? 0), message, row.sequence);
  return addEvent(parts.database, row.sequence, parts.now(), event);
}

export function checkpoint(parts: StoreParts, attempt: Attempt, value: JsonObject): void {
  const { sequence } = owned(parts, attempt);
  parts.database.prepare('UPDATE jobs SET checkpoint = ? WHERE sequence = ?').run(JSON.stringify(value), sequence);
}

export function complete(parts: StoreParts, attempt: Attempt, result: JsonObject, secrets: Secrets): Job {
  const row = owned(parts, attempt);
  parts.database
    .prepare(
      `UPDATE jobs SET result = ?, result_secrets = ?, error = NULL, progress = 100, clone = coalesce(clone, ?)
       WHERE sequence = ?`,
    )
    .run(
      JSON.stringify(result),
      sealSecrets(parts.box, row.id, 'result_secrets', secrets),
      cloneOf(result),
      row.sequence,
    );
  return end(parts, row, 'completed');
}

/** A clone that was to get a name of our choosing has it now. */
const cloneOf = ({ clone_id: id }: JsonObject): string | null => (typeof id === 'string' ? id : null);

export function fail(parts: StoreParts, attempt: Attempt, error: ErrorReport): Job {
  const row = owned(parts, attempt);
  parts.database.prepare('UPDATE jobs SET failures = failures + 1 WHERE sequence = ?').run(row.sequence);
  return end(parts, row, 'failed', error);
}

export function retryAt(parts: StoreParts, attempt: Attempt, error: ErrorReport, notBefore: number): Job {
  const row = owned(parts, attempt);
  parts.database
    .prepare(
      'UPDATE jobs SET failures = failures + 1, outages = outages + ?, error = ?, not_before = ? WHERE sequence = ?',
    )
    .run(isOutage(error) ? 1 : 0, JSON.stringify(error), notBefore, row.sequence);
  return backToQueue(parts, row, { reason: 'retry', retryAt: notBefore, error });
}

export const release = (parts: StoreParts, attempt: Attempt): Job =>
  backToQueue(parts, owned(parts, attempt), { reason: 'released' });

/** An owner died. */
export function lose(parts: StoreParts, attempt: Attempt): Job {
  const row = owned(parts, attempt);
  parts.database.prepare('UPDATE jobs SET losses = losses + 1 WHERE sequence = ?').run(row.sequence);
  if (row.losses + 1 < MAX_LOSSES) return backToQueue(parts, row, { reason: 'lost' });
  const message = `The agent that ran the job ${row.id} died ${MAX_LOSSES} times.`;
  return end(parts, row, 'failed', reportOf(new WpcloneError('AGENT_LOST', message)));
}

/** Also for a job that nobody runs yet. */
export function end(parts: StoreParts, row: JobRow, state: 'completed' | 'failed', error?: ErrorReport): Job {
  const at = parts.now();
  parts.database
    .prepare(
      `UPDATE jobs SET state = @state, error = coalesce(@error, error), message = coalesce(@message, @state), secrets = NULL,
         owner_agent = NULL, owner_pid = NULL, owner_started_at = NULL, checkpoint = NULL, finished_at = @at
       WHERE sequence = @sequence`,
    )
    .run({
      state,
      error: error === undefined ? null : JSON.stringify(error),
      message: error?.message ?? null,
      at,
      sequence: row.sequence,
    });
  dropProgress(parts.database, row.sequence);
  const job = toJob(rowOf(parts.database, row.id));
  const event: JobEvent = { type: 'job', state, attempt: job.attempt, reason: 'ended' };
  addEvent(parts.database, row.sequence, at, error === undefined ? event : { ...event, error });
  return job;
}

export const cancelledReport = (): ErrorReport => reportOf(new WpcloneError('CANCELLED', 'Cancelled.'));

/** A job that somebody wanted to stop is not begun again, unless its process died: then the next attempt looks at what that one has left. */
function backToQueue(
  parts: StoreParts,
  row: JobRow,
  how: { reason: 'retry' | 'released' | 'lost'; retryAt?: number; error?: ErrorReport },
): Job {
  const died = how.reason === 'lost' || how.error?.code === 'WORKER_DIED';
  if (row.cancel_requested === 1 && !died) return end(parts, row, 'failed', cancelledReport());
  parts.database
    .prepare(
      `UPDATE jobs SET state = 'pending', owner_agent = NULL, owner_pid = NULL, owner_started_at = NULL, message = 'waiting'
       WHERE sequence = ?`,
    )
    .run(row.sequence);
  const job = toJob(rowOf(parts.database, row.id));
  addEvent(parts.database, row.sequence, parts.now(), { type: 'job', state: 'pending', attempt: job.attempt, ...how });
  return job;
}
