import { define } from './define.ts';

/** Jobs of the agent. */
export const JOBS_ERRORS = define({
  JOB_NOT_FOUND: { exit: 5, http: 404, next: ['See what there is with wpclone jobs.'] },
  JOB_ENDED: { exit: 5, http: 409, next: ['Look at its end with wpclone jobs show {job}.'] },
  JOB_NOT_ENDED: {
    exit: 5,
    http: 409,
    next: ['Wait for its end (wpclone jobs watch {job}) or cancel it (wpclone jobs cancel {job}).'],
  },
  JOB_LEFT: {
    exit: 130,
    http: 499,
    next: ['See how it goes on: wpclone jobs watch {job}', 'Stop it: wpclone jobs cancel {job}'],
  },
  IDEMPOTENCY_CONFLICT: {
    exit: 5,
    http: 422,
    next: ['Use another Idempotency-Key for another request.'],
  },
  QUEUE_FULL: { exit: 1, http: 429, next: ['Too many jobs are waiting; try again later.'] },
  AGENT_LOST: {
    exit: 1,
    http: 500,
    next: ['The agent died each time it ran this job: look at its log around that time.'],
  },
  WORKER_DIED: {
    exit: 1,
    http: 500,
    next: ['Look at the log of the agent; the kernel ends processes when memory is short.'],
  },
  RELEASED: {
    exit: 1,
    http: 503,
    next: ['Another agent goes on with the job: look at it with wpclone jobs show {job}.'],
  },
  LEASE_LOST: { exit: 5, http: 409, next: ['Somebody else has taken the work over; look at how it goes on.'] },
});
