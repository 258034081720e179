/**
 * What an agent and the process that carries out one of its jobs say to each other, over Node's channel between processes. Both come
 * from one package, so there is no version; what is read is checked all the same.
 */
import { z } from 'zod';
import { workEventSchema } from '../../shared/event-schemas.ts';
import { wireErrorSchema } from '../../shared/wire-error.ts';
import type { Json } from '../jobs/types.ts';

const json: z.ZodType<Json> = z.json();
const record = z.record(z.string(), json);
const secrets = z.record(z.string(), z.string());

const begin = z.object({
  type: z.literal('begin'),
  /** What leases of instances are held under (outlives.ts); one process at a time has it. */
  lease: z.string(),
  kind: z.enum(['clone', 'restore', 'reset', 'delete', 'pool']),
  clone: z.string().nullable(),
  request: record,
  secrets,
  /** Of a job whose last attempt was cut off in the middle: how far that one had come. */
  cutOff: z.object({ provisioned: z.boolean(), failing: wireErrorSchema.exactOptional() }).exactOptional(),
  settings: z.object({
    home: z.string(),
    runtime: z.enum(['local', 'kubernetes']),
    kubernetes: z.record(z.string(), z.unknown()),
    sourcesLimit: z.number().exactOptional(),
    keepRows: z.boolean().exactOptional(),
    reach: z.array(z.string()).readonly().optional(),
  }),
});
export type Begin = z.infer<typeof begin>;

/** From the agent; `begin` is the first of a job. */
export const toWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prepare'), runtime: z.enum(['local', 'kubernetes']) }),
  begin,
  z.object({
    type: z.literal('stop'),
    reason: z.enum(['CANCELLED', 'RELEASED', 'LEASE_LOST']),
    message: z.string(),
  }),
]);
export type ToWorker = z.infer<typeof toWorker>;

/** To the agent; `done` or `failed` is the last of a job. After `free` the process takes another one, else it ends. */
export const fromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), event: workEventSchema }),
  z.object({ type: z.literal('done'), result: record, secrets }),
  z.object({ type: z.literal('failed'), error: wireErrorSchema }),
  z.object({ type: z.literal('free') }),
]);
export type FromWorker = z.infer<typeof fromWorker>;
