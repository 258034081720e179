import { z } from 'zod';
import type { Database } from '../../../state/database.ts';
import type { SecretBox } from '../../../state/secrets.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Job, JobKind, JobState, Json, JsonObject, Secrets } from '../types.ts';

/** What the parts of the store work with. */
export interface StoreParts {
  readonly database: Database;
  readonly box: SecretBox;
  readonly now: () => number;
  readonly newId: () => string;
}

export interface JobRow {
  readonly sequence: number;
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly customer: string | null;
  readonly clone: string | null;
  readonly source_host: string | null;
  readonly priority: number;
  readonly request: string;
  readonly secrets: Buffer | null;
  readonly confidential: Buffer | null;
  readonly traceparent: string | null;
  readonly failures: number;
  readonly outages: number;
  readonly losses: number;
  readonly epoch: number;
  readonly owner_agent: string | null;
  readonly owner_pid: number | null;
  readonly owner_started_at: string | null;
  readonly progress: number;
  readonly message: string;
  readonly cancel_requested: number;
  readonly checkpoint: string | null;
  readonly result: string | null;
  readonly result_secrets: Buffer | null;
  readonly error: string | null;
  readonly created_at: number;
  readonly not_before: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

export function toJob(row: JobRow): Job {
  const owner =
    row.owner_agent === null || row.owner_pid === null || row.owner_started_at === null
      ? null
      : { agent: row.owner_agent, pid: row.owner_pid, startedAt: row.owner_started_at };
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    customer: row.customer,
    clone: row.clone,
    sourceHost: row.source_host,
    priority: row.priority,
    request: JSON.parse(row.request),
    traceparent: row.traceparent,
    attempt: row.failures + (row.state === 'failed' && row.failures > 0 ? 0 : 1),
    failures: row.failures,
    outages: row.outages,
    losses: row.losses,
    epoch: row.epoch,
    owner,
    progress: row.progress,
    message: row.message,
    cancelRequested: row.cancel_requested === 1,
    checkpoint: row.checkpoint === null ? null : JSON.parse(row.checkpoint),
    result: row.result === null ? null : JSON.parse(row.result),
    error: row.error === null ? null : JSON.parse(row.error),
    createdAt: row.created_at,
    notBefore: row.not_before,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export function findRow(database: Database, id: string): JobRow | undefined {
  return database.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?').get(id);
}

/** Throws JOB_NOT_FOUND. */
export function rowOf(database: Database, id: string): JobRow {
  const row = findRow(database, id);
  if (row === undefined) {
    throw new WpcloneError('JOB_NOT_FOUND', `There is no job ${id}.`, { details: { job: id } });
  }
  return row;
}

const secretsSchema = z.record(z.string(), z.string());
const json: z.ZodType<Json> = z.json();
const confidentialSchema = z.record(z.string(), json);

/** Where a secret stands, as `SecretBox` wants it: one that was moved to another job does not open. */
type SecretColumn = 'secrets' | 'result_secrets' | 'confidential';
const placeOf = (id: string, column: SecretColumn): string => `jobs.${column} ${id}`;

export function sealSecrets(box: SecretBox, id: string, column: SecretColumn, secrets: JsonObject): Buffer | null {
  return Object.keys(secrets).length === 0 ? null : box.seal(JSON.stringify(secrets), placeOf(id, column));
}

export function openSecrets(
  box: SecretBox,
  id: string,
  column: Exclude<SecretColumn, 'confidential'>,
  sealed: Buffer | null,
): Secrets {
  return sealed === null ? {} : secretsSchema.parse(JSON.parse(box.open(sealed, placeOf(id, column))));
}

export const openConfidential = (box: SecretBox, { id, confidential }: JobRow): JsonObject =>
  confidential === null
    ? {}
    : confidentialSchema.parse(JSON.parse(box.open(confidential, placeOf(id, 'confidential'))));
