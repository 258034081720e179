import { z } from 'zod';
import { poolReportSchema } from '../../operations/pool-report.ts';
import {
  acceptedSchema,
  agentSchema,
  cloneReportSchema,
  clonesSchema,
  deletedSchema,
  disconnectSchema,
  garbageSchema,
  jobLineSchema,
  jobShape,
  loginLinkSchema,
  mailsSchema,
} from '../../operations/schemas.ts';
import { restoreReportSchema, restoresSchema } from '../../operations/restore-schemas.ts';

/** What the routes answer. A schema drops what it does not name: a secret that was put beside the rest never leaves. */

const errorAnswer = z
  .object({
    error: z.object({ code: z.string(), message: z.string(), next_steps: z.array(z.string()) }),
    /** The job that it is about, such as one that a call waited for until it was cut off. */
    job_id: z.string().optional(),
  })
  .meta({ id: 'Error' });
/** Every call may end so. */
export const failures = { '4xx': errorAnswer, '5xx': errorAnswer };

export const acceptedAnswer = acceptedSchema.meta({ id: 'Accepted' });

/** A clone that was made, with its secrets: only for who may make one. */
const cloneOutcome = z
  .object({
    clone_id: z.string().nullable(),
    clone_url: z.string(),
    username: z.string(),
    password: z.string(),
    login_url: z.string(),
    expires_at: z.string(),
  })
  .partial();

/** Old callers read the outcome in `result`, older ones beside it. */
export const jobStatusAnswer = z
  .object({ ...jobShape, result: z.record(z.string(), z.unknown()).nullable(), ...cloneOutcome.shape })
  .meta({ id: 'JobStatus' });

export const jobsAnswer = z.object({ jobs: z.array(jobLineSchema.meta({ id: 'Job' })) }).meta({ id: 'Jobs' });

/** v1's answer: the same outcome under other names. */
export const cloneV1Answer = z
  .object({ success: z.boolean(), ...cloneOutcome.shape, message: z.string().optional() })
  .meta({ id: 'CloneV1' });

/** Part of a job's log: `event` is what the stream sends. */
export const jobLogAnswer = z
  .object({
    events: z.array(z.object({ sequence: z.number(), event: z.record(z.string(), z.unknown()) })),
    /** Nothing comes any more. */
    ended: z.boolean(),
  })
  .meta({ id: 'JobLog' });

export const ticketAnswer = z
  .object({
    ticket: z.string(),
    /** Seconds. */
    expires_in: z.number(),
  })
  .meta({ id: 'Ticket' });

export const cloneAnswer = cloneReportSchema.meta({ id: 'Clone' });
export const clonesAnswer = clonesSchema.meta({ id: 'Clones' });
export const loginLinkAnswer = loginLinkSchema.meta({ id: 'LoginLink' });
export const deletedAnswer = deletedSchema.meta({ id: 'Deleted' });
export const mailsAnswer = mailsSchema.meta({ id: 'Mails' });
export const restoreAnswer = restoreReportSchema.meta({ id: 'Restore' });
export const restoresAnswer = restoresSchema.meta({ id: 'Restores' });
/** v1's answer: the outcome of the job beside `success`. */
export const restoreV1Answer = z.looseObject({ success: z.boolean() }).meta({ id: 'RestoreV1' });
export const garbageAnswer = garbageSchema.meta({ id: 'Garbage' });
export const disconnectAnswer = disconnectSchema.meta({ id: 'Disconnected' });
export const poolAnswer = poolReportSchema.meta({ id: 'Pool' });
export const agentAnswer = agentSchema.meta({ id: 'Agent' });
export const aliveAnswer = z.object({ ok: z.boolean(), reason: z.string().optional() }).meta({ id: 'Alive' });

export const agentStatusAnswer = z
  .object({
    version: z.string(),
    pid: z.number(),
    url: z.string(),
    runtime: z.string(),
    started_at: z.string(),
    jobs_at_once: z.number(),
    draining: z.boolean(),
    /** Whether it takes jobs, and why not. */
    ready: z.boolean(),
    reason: z.string().optional(),
    jobs: z.object({ pending: z.number(), running: z.number(), completed: z.number(), failed: z.number() }),
  })
  .meta({ id: 'AgentStatus' });
export type AgentStatus = z.infer<typeof agentStatusAnswer>;
export const stoppingAnswer = z.object({ stopping: z.literal(true) }).meta({ id: 'Stopping' });
