import { z } from 'zod';
import { findingSchema } from '../shared/findings.ts';
import type { CloneReport } from './clone-report.ts';

/** A clone as the API tells of it; its agent answers with it and its client reads it. */
export const cloneReportSchema = z.object({
  clone_id: z.string(),
  status: z.enum(['creating', 'ready', 'resetting', 'expired', 'failed']),
  clone_url: z.string(),
  username: z.string(),
  /** Only when it was asked for. */
  password: z.string().exactOptional(),
  created_at: z.string(),
  expires_at: z.string(),
  runtime: z.enum(['local', 'kubernetes']),
  source: z.object({ url: z.string(), wordpress_version: z.string(), php_version: z.string() }),
  /** Whether it does what its source did when it was made. */
  verified: z.boolean(),
  findings: z.array(findingSchema).readonly(),
}) satisfies z.ZodType<CloneReport>;

export const clonesSchema = z.object({ clones: z.array(cloneReportSchema) });

export const loginLinkSchema = z.object({ clone_id: z.string(), clone_url: z.string(), login_url: z.string() });

export const deletedSchema = z.object({ clone_id: z.string(), deleted: z.literal(true) });

export const disconnectSchema = z.object({ url: z.string(), removed: z.boolean() });

export const mailsSchema = z.object({
  messages: z
    .array(
      z.object({
        id: z.string(),
        at: z.string(),
        to: z.array(z.string()),
        subject: z.string(),
        headers: z.array(z.string()),
        body: z.string(),
      }),
    )
    .readonly(),
});

export const garbageSchema = z.object({
  removed: z.array(z.string()).readonly(),
  failed: z
    .array(
      z.object({
        clone_id: z.string(),
        code: z.string(),
        message: z.string(),
        details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      }),
    )
    .readonly(),
  sources: z.object({ freed_bytes: z.number(), bytes: z.number(), limit_bytes: z.number() }).exactOptional(),
});

/** What an agent says of itself. */
export const agentSchema = z.object({
  version: z.string(),
  runtime: z.enum(['local', 'kubernetes']),
  /** Of a cluster: the context of the agent's kubeconfig and the namespace; null where it has none. */
  context: z.string().nullable(),
  namespace: z.string().nullable(),
  /** It stops and takes no more jobs. */
  draining: z.boolean(),
});
export type AgentReport = z.infer<typeof agentSchema>;

const jobError = z.object({ code: z.string(), message: z.string(), next_steps: z.array(z.string()) });

/** What is told of every job, in a list and alone. */
export const jobShape = {
  job_id: z.string(),
  type: z.enum(['clone', 'restore', 'reset', 'delete', 'pool']),
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
  /** The clone that it makes or works on, as soon as it has a name. */
  clone_id: z.string().nullable(),
  error: jobError.nullable(),
};
export const jobSchema = z.object({ ...jobShape, result: z.record(z.string(), z.unknown()).nullable() });
export type JobReport = z.infer<typeof jobSchema>;
export const jobLineSchema = z.object(jobShape);
export type JobLine = z.infer<typeof jobLineSchema>;

export const acceptedSchema = z.object({
  job_id: z.string(),
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  status_url: z.string(),
});
export type Accepted = z.infer<typeof acceptedSchema>;
