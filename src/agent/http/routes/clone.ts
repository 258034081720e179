import { withoutWww } from '../../../shared/site-address.ts';
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { WpcloneError } from '../../../shared/errors.ts';
import { type Caller, may } from '../../access/token.ts';
import type { IdempotencyKey, Job, JsonObject, NewJob } from '../../jobs/types.ts';
import { requireScope } from '../access.ts';
import { acceptedAnswer, cloneV1Answer, errorAnswer } from '../answers.ts';
import { asyncQuery, type CloneBody, cloneBody } from '../bodies.ts';
import type { AgentDeps } from '../types.ts';
import { abortOf, accepted, patiently } from './jobs.ts';

const DEFAULT_TTL_MINUTES = 30;
/** Seconds that v1's blocking call waits: proxies cut a silent answer soon after. */
const BLOCKING = 55;

/** `POST /api/v2/clone`, and v1's `POST /clone`, which waits for the end unless it is asked not to. */
export function cloneRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const failures = { '4xx': errorAnswer, '5xx': errorAnswer };

  routes.post(
    '/api/v2/clone',
    { schema: { body: cloneBody, response: { 202: acceptedAnswer, ...failures } } },
    async (request, reply) => {
      const { job, replayed } = await enqueue(deps, request, request.body);
      if (replayed) void reply.header('idempotency-replayed', 'true');
      void reply.header('location', accepted(job).status_url).header('retry-after', '1');
      return reply.code(202).send(accepted(job));
    },
  );

  routes.post(
    '/clone',
    {
      schema: {
        body: cloneBody,
        querystring: asyncQuery,
        response: { 200: cloneV1Answer, 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      // RFC 9745: since when this call is old; what to use instead is linked (RFC 8288).
      void reply.header('deprecation', '@1790000000').header('link', '</api/v2/clone>; rel="successor-version"');
      const { job } = await enqueue(deps, request, request.body);
      const signal = abortOf(request.raw);
      const wait = request.query.async === 'true' ? 0 : BLOCKING;
      const ended = await patiently(deps, wait, signal, async () => (await deps.store.find(job.id)) ?? job);
      if (ended.state === 'failed') throw failureOf(ended);
      if (ended.state !== 'completed') return reply.code(202).send(accepted(ended));
      const secrets = await deps.store.resultSecrets(ended.id);
      return reply.code(200).send({ success: true, ...ended.result, ...secrets });
    },
  );
}

/** What a person did not get is an error of the job's, told as any other. */
function failureOf(job: Job): WpcloneError {
  const { code, message } = job.error ?? { code: 'INTERNAL' as const, message: 'The job failed.' };
  return new WpcloneError(code, message, { details: { job: job.id } });
}

async function enqueue(
  deps: AgentDeps,
  request: FastifyRequest,
  body: CloneBody,
): Promise<{ readonly job: Job; readonly replayed: boolean }> {
  const { caller } = request;
  requireScope(caller, 'clone');
  // What weakens a clone or the way to its source is not for everybody who may make one.
  if (body.keep_mail === true || body.insecure === true) requireScope(caller, 'admin');
  if (deps.draining()) {
    throw new WpcloneError('AGENT_STOPPING', 'The agent stops and takes no more jobs.', { retryAfter: 5 });
  }
  const key = idempotencyKey(request, body);
  const options = { limit: deps.limits.queue, ...(key === undefined ? {} : { key }) };
  const taken = await deps.store.enqueue(cloneJob(caller, body, request.headers), options);
  deps.wake();
  return taken;
}

const MINUTE = 60;

/** The request as a queue can keep it: the password apart, everything else under the names of the engine. */
function cloneJob(caller: Caller, body: CloneBody, headers: FastifyRequest['headers']): NewJob {
  const request: JsonObject = {
    url: body.source_url,
    ttlSeconds: Math.round((body.ttl_minutes ?? DEFAULT_TTL_MINUTES) * MINUTE),
    media: body.media ?? 'copy',
    excludeTables: body.exclude_tables ?? [],
    excludePaths: body.exclude_paths ?? [],
    keepMail: body.keep_mail ?? false,
    strict: body.strict ?? false,
    insecureTls: body.insecure ?? false,
    ...(body.customer_id === undefined ? {} : { name: body.customer_id }),
    ...(body.source_username === undefined ? {} : { username: body.source_username }),
    ...(body.login_url === undefined ? {} : { loginUrl: body.login_url }),
  };
  return {
    kind: 'clone',
    customer: caller.customer,
    clone: body.customer_id ?? null,
    sourceHost: hostOf(body.source_url),
    priority: may(caller, 'admin') ? 10 : 0,
    request,
    secrets: body.source_password === undefined ? {} : { source_password: body.source_password },
    traceparent: typeof headers['traceparent'] === 'string' ? headers['traceparent'].slice(0, 100) : null,
  };
}

/** For the limit per source; an address that is none fails in the job, with its own words. */
function hostOf(address: string): string | null {
  const url = /^https?:/i.test(address) ? address : `https://${address}`;
  return URL.canParse(url) ? withoutWww(new URL(url).host) : null;
}

/** draft-ietf-httpapi-idempotency-key-header. The password is part of what is hashed: another one is another request. */
function idempotencyKey(
  { caller, headers, routeOptions }: FastifyRequest,
  body: CloneBody,
): IdempotencyKey | undefined {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') return undefined;
  if (key.length > 255) throw new WpcloneError('BAD_INPUT', 'The Idempotency-Key is longer than 255 characters.');
  const sorted = JSON.stringify(Object.entries(body).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return {
    scope: `${caller.token} ${routeOptions.url ?? ''}`,
    key,
    requestHash: createHash('sha256').update(sorted).digest('hex'),
  };
}
