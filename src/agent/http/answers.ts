import { z } from 'zod';

/** What the routes answer. A schema drops what it does not name: a secret that was put beside the rest never leaves. */

export const errorAnswer = z
  .object({
    error: z.object({ code: z.string(), message: z.string(), next_steps: z.array(z.string()) }),
    /** Of a call that waited for the job and was cut off. */
    job_id: z.string().optional(),
  })
  .meta({ id: 'Error' });

export const acceptedAnswer = z
  .object({ job_id: z.string(), status: z.enum(['pending', 'running', 'completed', 'failed']), status_url: z.string() })
  .meta({ id: 'Accepted' });

const jobShape = {
  job_id: z.string(),
  type: z.string(),
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  /** 0 to 100; never goes back. */
  progress: z.number(),
  message: z.string(),
  attempt: z.number(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  /** When it is tried again. */
  retry_at: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string(), next_steps: z.array(z.string()) }).nullable(),
};

/** A clone that was made, with its secrets: only for who may make one. */
const cloneOutcome = z.object({
  clone_id: z.string(),
  clone_url: z.string(),
  username: z.string(),
  password: z.string(),
  login_url: z.string(),
  expires_at: z.string(),
});

/** Old callers read the outcome in `result`, older ones beside it. */
export const jobStatusAnswer = z
  .object({ ...jobShape, result: z.record(z.string(), z.unknown()).nullable(), ...cloneOutcome.partial().shape })
  .meta({ id: 'JobStatus' });

export const jobsAnswer = z
  .object({ jobs: z.array(z.object({ ...jobShape, clone_id: z.string().nullable() }).meta({ id: 'Job' })) })
  .meta({ id: 'Jobs' });

/** v1's answer: the same outcome under other names. */
export const cloneV1Answer = z
  .object({ success: z.boolean(), ...cloneOutcome.partial().shape, message: z.string().optional() })
  .meta({ id: 'CloneV1' });

const source = z.object({ url: z.string(), wordpress_version: z.string(), php_version: z.string() });
const cloneShape = z
  .object({
    clone_id: z.string(),
    status: z.string(),
    clone_url: z.string(),
    username: z.string(),
    created_at: z.string(),
    expires_at: z.string(),
    runtime: z.string(),
    source,
  })
  .meta({ id: 'Clone' });
export const cloneAnswer = cloneShape;
export const clonesAnswer = z.object({ clones: z.array(cloneShape) }).meta({ id: 'Clones' });
export const loginLinkAnswer = z
  .object({ clone_id: z.string(), clone_url: z.string(), login_url: z.string() })
  .meta({ id: 'LoginLink' });

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
