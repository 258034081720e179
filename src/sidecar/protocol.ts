/**
 * What is said between the sidecar and whoever watches it, over HTTP: one JSON object per line while a job runs.
 * Both ends come from here (src/runtime/kubernetes is the other one). Versioned by the path's first segment.
 */
import { z } from 'zod';
import { mailSchema } from '../instance/mail.ts';
import { ERRORS, type ErrorCode } from '../shared/error-codes.ts';
import { WpcloneError } from '../shared/errors.ts';
import { siteInfoSchema } from '../site/info.ts';

/** A header of our own: the API server keeps `Authorization` for itself when it passes requests on to a pod. */
export const TOKEN_HEADER = 'x-wpclone-token';
/** The epoch of the claim that the caller acts for; the sidecar refuses one lower than it has seen. */
export const EPOCH_HEADER = 'x-wpclone-epoch';
export const SIDECAR_PORT = 7070;
export const WEB_PORT = 8080;
/** Seconds between two lines of a stream that has nothing to say, so that a dead connection shows. */
export const HEARTBEAT_SECONDS = 5;
/** Seconds a job goes on without anybody watching it: longer than an API server needs to come back. */
export const UNWATCHED_SECONDS = 120;

const accessSchema = z.object({
  url: z.string(),
  endpoint: z.string(),
  keyId: z.string(),
  secret: z.string(),
  insecureTls: z.boolean(),
});
const mediaSchema = z.enum(['copy', 'proxy']);

const pullTaskSchema = z.object({
  access: accessSchema,
  info: siteInfoSchema,
  cloneUrl: z.string(),
  media: mediaSchema,
  excludeTables: z.array(z.string()),
  excludePaths: z.array(z.string()),
});

const configureTaskSchema = z.object({
  cloneId: z.string(),
  cloneUrl: z.string(),
  info: siteInfoSchema,
  media: mediaSchema,
  expiresAt: z.number(),
  admin: z.object({ username: z.string(), password: z.string(), email: z.string() }),
  keepMail: z.boolean(),
  insecureTls: z.boolean(),
});

/** `id` is chosen by the caller: posting the same job again attaches to it instead of starting another. */
const jobId = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);
export const jobRequestSchema = z.discriminatedUnion('kind', [
  z.object({ id: jobId, kind: z.literal('pull-database'), task: pullTaskSchema }),
  z.object({ id: jobId, kind: z.literal('pull-files'), task: pullTaskSchema }),
  z.object({ id: jobId, kind: z.literal('configure'), task: configureTaskSchema }),
  z.object({ id: jobId, kind: z.literal('verify'), task: configureTaskSchema }),
  z.object({ id: jobId, kind: z.literal('reset') }),
]);
export type JobRequest = z.infer<typeof jobRequestSchema>;

const countersSchema = z.object({
  tables: z.number().optional(),
  rows: z.number().optional(),
  files: z.number().optional(),
  bytes: z.number().optional(),
  totalBytes: z.number().optional(),
  totalFiles: z.number().optional(),
  urlsRewritten: z.number().optional(),
});

const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  retryable: z.boolean().default(false),
  retryAfter: z.number().optional(),
});
export type WireError = z.infer<typeof errorSchema>;

/** `result` and `error` end a stream; a stream that ends otherwise was cut. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), counters: countersSchema, message: z.string().optional() }),
  z.object({ type: z.literal('retry'), message: z.string(), waitSeconds: z.number() }),
  z.object({ type: z.literal('alive') }),
  z.object({ type: z.literal('result'), value: z.unknown() }),
  z.object({ type: z.literal('error'), error: errorSchema }),
]);
export type JobEvent = z.infer<typeof jobEventSchema>;

/** The body of every answer that is not 2xx. */
export const refusalSchema = z.object({ error: errorSchema });

export const statusSchema = z.object({
  version: z.string(),
  epoch: z.number(),
  jobs: z.array(z.object({ id: z.string(), kind: z.string(), running: z.boolean() })),
});

export const caughtMailSchema = z.array(mailSchema);

/** The error as it is sent. Causes and stacks stay here. */
export function errorToWire(error: WpcloneError): WireError {
  const { code, message, details, retryable, retryAfter } = error;
  return { code, message, details: { ...details }, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** A code this version does not know (a newer sidecar) becomes INTERNAL; the message is kept. */
export function errorFromWire(wire: WireError): WpcloneError {
  const code = isKnown(wire.code) ? wire.code : 'INTERNAL';
  const message = isKnown(wire.code) ? wire.message : `${wire.code}: ${wire.message}`;
  return new WpcloneError(code, message, {
    details: wire.details,
    retryable: wire.retryable,
    retryAfter: wire.retryAfter,
  });
}

const isKnown = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
