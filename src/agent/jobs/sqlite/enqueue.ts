import { nameAwaited } from '../../../shared/clone-errors.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { EnqueueOptions } from '../store.ts';
import type { IdempotencyKey, Job, NewJob } from '../types.ts';
import { addEvent } from './events.ts';
import { type JobRow, rowOf, sealSecrets, type StoreParts, toJob } from './rows.ts';

/** Milliseconds that a key is remembered; longer while its job has not ended. */
const KEY_LIFE = 24 * 3600_000;

/** Runs inside one immediate transaction: key, reservation and job are there together or not at all. */
export function enqueue(
  parts: StoreParts,
  job: NewJob,
  options: EnqueueOptions = {},
): { readonly job: Job; readonly replayed: boolean } {
  const { database, box, now, newId } = parts;
  const at = now();
  const earlier = options.key === undefined ? undefined : jobOfKey(parts, options.key);
  if (earlier !== undefined) return { job: earlier, replayed: true };
  refuseMore(options.limit, () => waitingOfAll(database));
  const { customer } = job;
  if (customer !== null) refuseMore(options.customerLimit, () => waitingOf(database, customer), ' of yours');
  if (job.kind === 'clone' && job.clone !== null) refuseReserved(database, job.clone, customer);

  const id = newId();
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO jobs (id, kind, state, customer, clone, source_host, priority, request, secrets, confidential, traceparent, message, created_at, not_before)
       VALUES (@id, @kind, 'pending', @customer, @clone, @sourceHost, @priority, @request, @secrets, @confidential, @traceparent, 'waiting', @at, @at)`,
    )
    .run({
      id,
      kind: job.kind,
      customer: job.customer,
      clone: job.clone,
      sourceHost: job.sourceHost,
      priority: job.priority,
      request: JSON.stringify(job.request),
      secrets: sealSecrets(box, id, 'secrets', job.secrets),
      confidential: sealSecrets(box, id, 'confidential', job.confidential),
      traceparent: job.traceparent,
      at,
    });
  const sequence = Number(lastInsertRowid);
  if (options.key !== undefined) keepKey(parts, options.key, sequence, at);
  addEvent(database, sequence, at, { type: 'job', state: 'pending', attempt: 1, reason: 'accepted' });
  return { job: toJob(rowOf(database, id)), replayed: false };
}

type Database = StoreParts['database'];

/** The job of a key that is still remembered. Throws IDEMPOTENCY_CONFLICT. */
export function jobOfKey(
  { database, box, now }: StoreParts,
  { scope, key, requestHash }: IdempotencyKey,
): Job | undefined {
  const row = database
    .prepare<[string, string], JobRow & { request_hash: string; key_made_at: number }>(
      `SELECT j.*, k.request_hash, k.created_at AS key_made_at FROM idempotency_keys k JOIN jobs j ON j.sequence = k.job
       WHERE k.scope = ? AND k.key = ?`,
    )
    .get(scope, key);
  if (row === undefined) return undefined;
  if (row.finished_at !== null && row.key_made_at + KEY_LIFE <= now()) return undefined;
  if (box.open(Buffer.from(row.request_hash, 'base64url'), placeOf(scope, key)) === requestHash) return toJob(row);
  const message = 'The Idempotency-Key was used before, with another request.';
  throw new WpcloneError('IDEMPOTENCY_CONFLICT', message, { details: { job: row.id } });
}

/** Sealed, because a password is part of what was hashed: whoever reads the database could try words until the hash is right. */
const placeOf = (scope: string, key: string): string => `idempotency_keys.request_hash ${scope} ${key}`;

function keepKey(
  { database, box }: StoreParts,
  { scope, key, requestHash }: IdempotencyKey,
  job: number,
  at: number,
): void {
  const sealed = box.seal(requestHash, placeOf(scope, key)).toString('base64url');
  // Only one whose time is over can be in the way.
  database
    .prepare(
      'INSERT OR REPLACE INTO idempotency_keys (scope, key, request_hash, job, created_at) VALUES (?, ?, ?, ?, ?)',
    )
    .run(scope, key, sealed, job, at);
}

const waitingOfAll = (database: Database): number =>
  Number(database.prepare(`SELECT jobs FROM job_counts WHERE state = 'pending'`).pluck().get());

const waitingOf = (database: Database, customer: string): number =>
  Number(
    database
      .prepare<[string]>(`SELECT count(*) FROM jobs WHERE state = 'pending' AND customer = ?`)
      .pluck()
      .get(customer),
  );

/** Throws QUEUE_FULL when as many jobs wait as may, of one customer or of all. */
function refuseMore(limit: number | undefined, count: () => number, whose = ''): void {
  if (limit === undefined) return;
  const waiting = count();
  if (waiting < limit) return;
  throw new WpcloneError('QUEUE_FULL', `${waiting} jobs${whose} are waiting already.`, {
    retryable: true,
    retryAfter: 30,
  });
}

/** Which job has a name is nobody else's business: its id is for its customer, and for who sees all. Throws NAME_TAKEN. */
function refuseReserved(database: Database, clone: string, customer: string | null): void {
  const taker = database
    .prepare<[string], Pick<JobRow, 'id' | 'customer'>>(
      `SELECT id, customer FROM jobs WHERE clone = ? AND kind = 'clone' AND state IN ('pending', 'running')`,
    )
    .get(clone);
  if (taker === undefined) return;
  throw nameAwaited(clone, customer === null || taker.customer === customer ? taker.id : undefined);
}
