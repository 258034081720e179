/**
 * What is said between the sidecar and whoever watches it, over HTTP: one JSON object per line while a job runs.
 * Both ends come from here (src/runtime/kubernetes is the other one). Versioned by the path's first segment.
 */
import { z } from 'zod';
import { wireErrorSchema } from '../shared/wire-error.ts';
import { INSTANCE_PROTOCOL, type JobName, JOBS, type JobTask } from '../instance/declared.ts';
import { type ErrorDetails, WpcloneError } from '../shared/errors.ts';
import { stepCountersSchema } from '../shared/event-schemas.ts';

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

/** The version of the protocol that the one who speaks knows, on every request and answer; absent: 1. */
export const PROTOCOL_HEADER = 'x-wpclone-protocol';

/** What is asked for: one of the jobs that src/instance declares. */
export interface JobRequest<K extends JobName = JobName> {
  /** Chosen by the caller: posting the same job again attaches to it instead of starting another. */
  readonly id: string;
  readonly kind: K;
  readonly task: JobTask<K>;
}

const envelopeSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
  kind: z.string(),
  task: z.unknown().optional(),
});

const isJob = (kind: string): kind is JobName => Object.hasOwn(JOBS, kind);

/** What somebody who speaks version `theirs` asks for. Throws PROTOCOL_MISMATCH, and ZodError for what makes no sense. */
export function parseJobRequest(body: unknown, theirs: number): JobRequest {
  const { id, kind, task } = envelopeSchema.parse(body);
  if (!isJob(kind)) throw theirs === INSTANCE_PROTOCOL ? unknownJob(kind) : protocolMismatch(theirs, INSTANCE_PROTOCOL);
  if (theirs < JOBS[kind].since) throw protocolMismatch(theirs, INSTANCE_PROTOCOL);
  return requestOf(kind, id, task);
}

const requestOf = <K extends JobName>(kind: K, id: string, task: unknown): JobRequest<K> => ({
  id,
  kind,
  task: JOBS[kind].task.parse(task),
});

const unknownJob = (kind: string) => new WpcloneError('BAD_INPUT', `There is no job ${JSON.stringify(kind)}.`);

/** `command` is the version that wpclone speaks, `image` the one of the sidecar; says which side is to be updated. */
export function protocolMismatch(command: number, image: number): WpcloneError {
  const older = command < image ? 'this wpclone' : "the image of the clone's pod";
  const message = `wpclone speaks version ${command} of the instances' protocol and the image of the clone's pod version ${image}: ${older} is too old for that.`;
  const details: ErrorDetails = command < image ? { update: 'wpclone on this machine' } : { image: 'kubernetes.image' };
  return new WpcloneError('PROTOCOL_MISMATCH', message, { details });
}

/** The version that a header names. */
export function protocolOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number {
  const version = Number(headers[PROTOCOL_HEADER] ?? 1);
  return Number.isSafeInteger(version) && version > 0 ? version : 1;
}

/** `result` and `error` end a stream; a stream that ends otherwise was cut. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), counters: stepCountersSchema, message: z.string().optional() }),
  z.object({ type: z.literal('retry'), message: z.string(), waitSeconds: z.number() }),
  z.object({ type: z.literal('alive') }),
  z.object({ type: z.literal('result'), value: z.unknown() }),
  z.object({ type: z.literal('error'), error: wireErrorSchema }),
]);
export type JobEvent = z.infer<typeof jobEventSchema>;

/** The body of every answer that is not 2xx. */
export const refusalSchema = z.object({ error: wireErrorSchema });

export const statusSchema = z.object({
  version: z.string(),
  epoch: z.number(),
  jobs: z.array(z.object({ id: z.string(), kind: z.string(), running: z.boolean() })),
});
