import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { errorFromReport } from '../../shared/wire-error.ts';
import { acceptedSchema, jobSchema, type JobReport } from '../schemas.ts';
import { retell } from './events.ts';
import { followJob } from './follow.ts';
import { submitJob } from './submit-job.ts';
import type { AgentClient } from './http.ts';

/** What is to become of a job when the person who waits for it interrupts: asked then. */
export type Interrupted = (job: string) => Promise<'leave' | 'cancel'>;

export interface Attendance {
  readonly interrupted: Interrupted;
  /** A job that lacks a log-in will be done again with one. */
  readonly mayAsk?: boolean;
}

const jobPath = (job: string): string => `/api/v2/jobs/${encodeURIComponent(job)}`;

/**
 * Tells how a job goes on until it has ended, and returns it, completed or failed. When the context's signal aborts, `interrupted` says
 * whether the job is cancelled, whose undoing is then told as well, or left: JOB_LEFT.
 */
export async function attendJob(
  client: AgentClient,
  job: string,
  { interrupted, mayAsk = false }: Attendance,
  context: WorkContext,
): Promise<JobReport> {
  const { tell, flush } = retell(context.emit, mayAsk);
  let after = 0;
  const follow = (signal: AbortSignal): Promise<void> =>
    followJob(
      client,
      job,
      (event) => {
        // From the start again after an interruption: what was told is not told again.
        if (event.sequence <= after) return;
        after = event.sequence;
        tell(event);
      },
      { ...context, signal },
      () => {
        const message = 'The agent does not answer; the job goes on, and so does asking for it.';
        context.emit({ type: 'warning', code: 'AGENT_INTERRUPTED', message });
      },
    );
  const unstoppable = new AbortController().signal;
  try {
    await follow(context.signal);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    if ((await interrupted(job)) === 'leave') {
      throw new WpcloneError('JOB_LEFT', `The job ${job} goes on.`, { details: { job } });
    }
    await cancelJob(client, job, unstoppable).catch(unlessEnded);
    await follow(unstoppable);
  }
  flush();
  return findJob(client, job, unstoppable);
}

export const findJob = (client: AgentClient, job: string, signal: AbortSignal): Promise<JobReport> =>
  client.call({ method: 'GET', path: jobPath(job) }, jobSchema, signal);

export const cancelJob = (client: AgentClient, job: string, signal: AbortSignal) =>
  client.call({ method: 'POST', path: `${jobPath(job)}/cancel` }, acceptedSchema, signal);

export const retryJob = (client: AgentClient, job: string, body: object, context: WorkContext) =>
  submitJob(client, { method: 'POST', path: `${jobPath(job)}/retry`, body }, acceptedSchema, context);

/** It was faster than its cancelling. */
function unlessEnded(error: unknown): void {
  if (toWpcloneError(error).code !== 'JOB_ENDED') throw error;
}

/** What a completed job came to. Throws its error when it failed. */
export function outcomeOf({ job_id: id, error, result }: JobReport): Readonly<Record<string, unknown>> {
  if (error !== null && result === null) throw errorFromReport(error, { details: { job: id } });
  return result ?? {};
}
