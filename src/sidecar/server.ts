import { createHash, timingSafeEqual } from 'node:crypto';
import { errorToWire } from '../shared/wire-error.ts';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CallAnswer, type CallInput, type CallName, CALLS, INSTANCE_PROTOCOL } from '../instance/declared.ts';
import type { InstanceOperations } from '../instance/types.ts';
import type { Logger, WorkContext } from '../shared/context.ts';
import { ERRORS } from '../shared/error-codes.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { every } from '../shared/watchdog.ts';
import type { Assignments } from './assignment.ts';
import type { Epochs } from './epochs.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Tenancy } from './tenancy/tenancy.ts';
import {
  EPOCH_HEADER,
  HEARTBEAT_SECONDS,
  parseJobRequest,
  PROTOCOL_HEADER,
  protocolOf,
  TOKEN_HEADER,
} from './protocol.ts';

export interface SidecarServerDeps {
  readonly operations: InstanceOperations;
  readonly jobs: Jobs;
  readonly epochs: Epochs;
  readonly assignments: Assignments;
  readonly tenancy: Tenancy;
  readonly log: Logger;
  readonly sleep: WorkContext['sleep'];
  readonly version: string;
  /** Read for each request: a Secret that is changed is mounted anew without a restart. */
  readonly token: () => string;
  /** Whether the database and the web server answer, for the readiness probe. Throws with the reason when one does not. */
  readonly ready: () => Promise<void>;
  /** Ends this process: the kubelet starts another one, which knows nothing of what this one did. */
  readonly leave: () => void;
}

/** Bytes; the description of a site with thousands of tables fits. */
const BODY_LIMIT = 64 * 1024 * 1024;
const HEALTH_PATHS = ['/healthz', '/readyz'];

/** The sidecar's HTTP API. Every path but the two probes wants the pod's token and a current epoch. */
export function createSidecarServer(deps: SidecarServerDeps): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: BODY_LIMIT, forceCloseConnections: true });

  app.setErrorHandler((error, _request, reply) => {
    const refusal = error instanceof z.ZodError ? malformed(error) : fromFastify(error);
    if (refusal.code === 'INTERNAL') deps.log.warn('request failed', { error: refusal.message });
    return reply.code(ERRORS[refusal.code].http).send({ error: errorToWire(refusal) });
  });

  app.addHook('onRequest', async (request, reply) => {
    void reply.header(PROTOCOL_HEADER, String(INSTANCE_PROTOCOL));
    if (HEALTH_PATHS.includes(request.url)) return;
    authenticate(request, deps.token());
    await deps.epochs.admit(epochOf(request));
  });

  app.addHook('onResponse', async (request, reply) => {
    if (request.url === CALLS.endServers.path && reply.statusCode === 200) deps.leave();
  });

  app.get('/healthz', async () => ({ ok: true }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await deps.ready();
      return { ok: true };
    } catch (error) {
      return reply.code(503).send({ ok: false, reason: toWpcloneError(error).message });
    }
  });

  app.get('/v1/status', async () => ({
    version: deps.version,
    epoch: deps.epochs.current(),
    jobs: deps.jobs.list().map(({ id, kind, running }) => ({ id, kind, running })),
  }));

  app.post('/v1/jobs', async (request, reply) => {
    const job = deps.jobs.start(parseJobRequest(request.body, protocolOf(request.headers)));
    deps.log.info('job', { id: job.id, kind: job.kind });
    return reply.type('application/x-ndjson').send(eventStream(job, deps));
  });
  app.get<{ Params: { id: string } }>('/v1/jobs/:id', async (request, reply) =>
    reply.type('application/x-ndjson').send(eventStream(findJob(deps.jobs, request.params.id), deps)),
  );
  app.post<{ Params: { id: string } }>('/v1/jobs/:id/cancel', async (request) => {
    const job = findJob(deps.jobs, request.params.id);
    job.cancel(new WpcloneError('CANCELLED', 'Cancelled.'));
    await job.finished;
    return { ok: true };
  });

  answerCall(app, 'assign', async (assignment, _signal, epoch) => {
    await deps.assignments.assign(assignment, epoch);
    deps.log.info('assigned', { clone: assignment.cloneId, epoch });
    return { ok: true };
  });
  answerCall(app, 'examine', (_input, signal) => deps.operations.examine(signal));
  answerCall(app, 'look', () => deps.tenancy.look());
  answerCall(app, 'endTenancy', () => deps.tenancy.end());
  answerCall(app, 'endServers', () => deps.tenancy.endServers());
  answerCall(app, 'beginAnew', async ({ oldPassword }) => {
    await deps.tenancy.beginAnew(oldPassword);
    deps.log.info('it is nobody’s again');
    return { ok: true };
  });
  answerCall(app, 'createLoginLink', async (_input, signal) => ({
    url: await deps.operations.createLoginLink(signal),
  }));
  answerCall(app, 'setExpiry', async ({ expiresAt }, signal) => {
    await deps.operations.setExpiry(expiresAt, signal);
    return { ok: true };
  });
  answerCall(app, 'listMail', async (_input, signal) => ({ mail: await deps.operations.listMail(signal) }));

  return app;
}

function answerCall<K extends CallName>(
  app: FastifyInstance,
  name: K,
  answer: (input: CallInput<K>, signal: AbortSignal, epoch: number) => Promise<CallAnswer<K>>,
): void {
  const { method, path, input } = CALLS[name];
  const schema: z.ZodType<CallInput<K>> = input;
  app.route({
    method,
    url: path,
    handler: async (request) => answer(schema.parse(request.body ?? undefined), request.signal, epochOf(request)),
  });
}

/** One JSON object per line until the job ends; going away only stops the watching. */
function eventStream(job: Job, work: Pick<WorkContext, 'sleep'>): Readable {
  const stream = new Readable({ read: () => undefined });
  const push = (event: unknown) => stream.push(`${JSON.stringify(event)}\n`);
  const stopBeating = every(HEARTBEAT_SECONDS * 1000, work, () => push({ type: 'alive' }));
  const detach = job.attach((event) => {
    // Progress that a slow reader has not taken yet is worth less than memory.
    if (event.type === 'progress' && stream.readableLength > 1_000_000) return;
    push(event);
    if (event.type === 'result' || event.type === 'error') stream.push(null);
  });
  stream.once('close', () => {
    stopBeating();
    detach();
  });
  return stream;
}

function findJob(jobs: Jobs, id: string): Job {
  const job = jobs.find(id);
  if (job === undefined) throw new WpcloneError('NOT_FOUND', `There is no job ${id}.`);
  return job;
}

function authenticate(request: FastifyRequest, token: string): void {
  const given = request.headers[TOKEN_HEADER];
  if (typeof given === 'string' && sameSecret(given, token)) return;
  throw new WpcloneError('CLUSTER_AUTH', 'The sidecar refused the token.');
}

/** Compared by digest: equal length, and the time says nothing about where they differ. */
function sameSecret(one: string, other: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function epochOf(request: FastifyRequest): number {
  const epoch = Number(request.headers[EPOCH_HEADER]);
  if (Number.isSafeInteger(epoch) && epoch >= 0) return epoch;
  throw new WpcloneError('BAD_INPUT', `The ${EPOCH_HEADER} header is missing.`);
}

function malformed(error: z.ZodError): WpcloneError {
  return new WpcloneError('BAD_INPUT', `The request is malformed: ${z.prettifyError(error)}`);
}

function fromFastify(error: unknown): WpcloneError {
  if (!(error instanceof Error) || error instanceof WpcloneError || !('statusCode' in error))
    return toWpcloneError(error);
  return Number(error.statusCode) < 500 ? new WpcloneError('BAD_INPUT', error.message) : toWpcloneError(error);
}
