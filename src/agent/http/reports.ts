import type { z } from 'zod';
import type { Job, Secrets } from '../jobs/types.ts';
import type { jobStatusAnswer, jobsAnswer } from './answers.ts';

type JobStatus = z.input<typeof jobStatusAnswer>;
type JobLine = z.input<typeof jobsAnswer>['jobs'][number];

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

function shared(job: Job) {
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
    error: job.error === null ? null : { ...job.error, next_steps: [...job.error.next_steps] },
  };
}

/** The whole of one job; `secrets` for a caller who may have them. */
export function jobStatus(job: Job, secrets: Secrets): JobStatus {
  const result = job.result === null ? null : { ...job.result, ...secrets };
  return { ...shared(job), ...result, result };
}

/** One line of a list: never a secret. */
export const jobLine = (job: Job): JobLine => ({ ...shared(job), clone_id: job.clone });
