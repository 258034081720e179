import { reportOf, WpcloneError } from '../../../shared/errors.ts';
import { LONGEST_WAIT } from '../retry.ts';
import type { ClaimedJob } from '../store.ts';
import type { ClaimLimits, JobOwner } from '../types.ts';
import { end } from './attempts.ts';
import { addEvent } from './events.ts';
import { type JobRow, openConfidential, openSecrets, rowOf, type StoreParts, toJob } from './rows.ts';

/**
 * Priority first, and waiting adds one a minute: what is unimportant moves on too. A job that waits for its next attempt is due at its
 * time; one that would have to wait longer than anybody may ask for shows that the clock was set back, and is due as well.
 */
const NEXT = `
  SELECT id FROM jobs AS waiting
  WHERE state = 'pending'
    AND (not_before <= @now OR not_before > @now + @longest)
    AND (@onlyToStop = 0 OR cancel_requested = 1)
    AND (@kinds IS NULL OR kind IN (SELECT value FROM json_each(@kinds)))
    AND (customer IS NULL OR @perCustomer > (
      SELECT count(*) FROM jobs WHERE state = 'running' AND customer = waiting.customer))
    AND (source_host IS NULL OR @perSource > (
      SELECT count(*) FROM jobs WHERE state = 'running' AND source_host = waiting.source_host))
    AND (clone IS NULL OR NOT EXISTS (
      SELECT 1 FROM jobs WHERE state = 'running' AND clone = waiting.clone))
  ORDER BY priority + max(0, @now - created_at) / 60000.0 DESC, sequence
  LIMIT 1`;

/** Runs inside one immediate transaction. A job whose secrets do not open any more ends here: the others must not wait behind it. */
export function claim(parts: StoreParts, owner: JobOwner, limits: ClaimLimits): ClaimedJob | undefined {
  for (;;) {
    const row = begin(parts, owner, limits);
    if (row === undefined) return undefined;
    const opened = openedOf(parts, row);
    if (opened !== undefined) return { job: toJob(row), ...opened, attempt: { id: row.id, epoch: row.epoch } };
    end(parts, row, 'failed', reportOf(new WpcloneError('STATE_FAILED', UNOPENED)));
  }
}

const UNOPENED =
  'The passwords of this job do not open with the key that the agent has now (secret.key). Hand it in again.';

function openedOf({ box }: StoreParts, row: JobRow): Pick<ClaimedJob, 'secrets' | 'confidential'> | undefined {
  try {
    return { secrets: openSecrets(box, row.id, 'secrets', row.secrets), confidential: openConfidential(box, row) };
  } catch {
    return undefined;
  }
}

function begin(parts: StoreParts, owner: JobOwner, limits: ClaimLimits): JobRow | undefined {
  const { database, now } = parts;
  const at = now();
  const id = database
    .prepare<[object], string>(NEXT)
    .pluck()
    .get({
      now: at,
      longest: LONGEST_WAIT,
      kinds: limits.kinds === undefined ? null : JSON.stringify(limits.kinds),
      perCustomer: limits.perCustomer,
      perSource: limits.perSource,
      onlyToStop: limits.onlyToStop === true ? 1 : 0,
    });
  if (id === undefined) return undefined;
  database
    .prepare(
      `UPDATE jobs SET state = 'running', epoch = epoch + 1, owner_agent = @agent, owner_pid = @pid,
         owner_started_at = @startedAt, started_at = coalesce(started_at, @at), message = 'running'
       WHERE id = @id`,
    )
    .run({ id, at, agent: owner.agent, pid: owner.pid, startedAt: owner.startedAt });
  const row = rowOf(database, id);
  const { attempt } = toJob(row);
  addEvent(database, row.sequence, at, { type: 'job', state: 'running', attempt, reason: 'begun' });
  return row;
}
