import type { z } from 'zod';
import type { JobLine } from '../../operations/schemas.ts';
import type { WpcloneError } from '../../shared/errors.ts';
import { errorFromReport } from '../../shared/wire-error.ts';
import type { Job, Secrets, StoredEvent } from '../jobs/types.ts';
import type { jobStatusAnswer } from './answers.ts';

type JobStatus = z.input<typeof jobStatusAnswer>;

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

/** One line of a list: never a secret. */
export function jobLine(job: Job): JobLine {
  const waits = job.state === 'pending' && job.attempt > 1;
  return {
    job_id: job.id,
    type: job.kind,
    status: job.state,
    progress: job.progress,
    message: job.message,
    attempt: job.attempt,
    created_at: new Date(job.createdAt).toISOString(),
    started_at: iso(job.startedAt),
    finished_at: iso(job.finishedAt),
    retry_at: waits ? iso(job.notBefore) : null,
    clone_id: job.clone,
    error: job.error === null ? null : { ...job.error, next_steps: [...job.error.next_steps] },
  };
}

/** The whole of one job; `secrets` for a caller who may have them. */
export function jobStatus(job: Job, secrets: Secrets): JobStatus {
  const result = job.result === null ? null : { ...job.result, ...secrets };
  const flat = OUTCOME.flatMap((name) => (typeof result?.[name] === 'string' ? [[name, result[name]]] : []));
  return { ...jobLine(job), ...Object.fromEntries(flat), result };
}

/** What older callers read beside the job's own fields; a clone's status is not its job's. */
const OUTCOME = ['clone_id', 'clone_url', 'username', 'password', 'login_url', 'expires_at'] as const;

/** An event as a stream sends it. */
export const eventReport = ({ at, event }: Omit<StoredEvent, 'job' | 'sequence'>) => ({
  at: new Date(at).toISOString(),
  ...event,
});

/** What a person did not get is an error of the job's, told as any other. */
export function failureOf({ id, error }: Job): WpcloneError {
  const report = error ?? { code: 'INTERNAL', message: 'The job failed.', next_steps: [] };
  return errorFromReport(report, { details: { job: id } });
}
