import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WpcloneError } from '../../../shared/errors.ts';
import { type Caller, may, type Scope } from '../../access/token.ts';
import type { Job, JsonObject, NewJob, Secrets } from '../../jobs/types.ts';
import { requireOwn, requireScope } from '../access.ts';
import { acceptedAnswer, failures, jobsAnswer, jobStatusAnswer } from '../answers.ts';
import { idParameter, listQuery, type RetryBody, retryBody, waitQuery } from '../bodies.ts';
import { abortOf, hasEnded, longPoll, traceparentOf } from '../calls.ts';
import { cloneJob, requireScopeFor, secretsOf } from '../clone-job.ts';
import { restoreAgain } from '../restore-job.ts';
import { requireLivingClone } from '../owners.ts';
import { jobLine, jobStatus } from '../reports.ts';
import { acceptedAs, submit } from '../submit.ts';
import type { AgentDeps } from '../types.ts';
import { deprecated } from './v1.ts';

/** One job under each of its names; the last is v1's. */
const STATUS = [
  { url: '/api/v2/job-status/:id', tags: ['jobs'], deprecated: false },
  { url: '/api/v2/jobs/:id', tags: ['jobs'], deprecated: false },
  { url: '/jobs/:id', tags: ['v1'], deprecated: true },
];

/** What has become of jobs. */
export function jobRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { store } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();

  for (const { url, ...schema } of STATUS) {
    routes.get(
      url,
      {
        schema: {
          ...schema,
          summary: 'A job; with wait, once it has ended or the seconds are over',
          params: idParameter,
          querystring: waitQuery,
          response: { 200: jobStatusAnswer, ...failures },
        },
      },
      async ({ caller, params, query }, reply) => {
        requireScope(caller, 'read');
        if (schema.deprecated) void reply.headers(deprecated(`/api/v2/job-status/${encodeURIComponent(params.id)}`));
        const ask = async () => requireOwn(caller, params.id, await store.find(params.id));
        const job = await longPoll(deps, params.id, query.wait ?? 0, abortOf(reply), ask, hasEnded);
        const mayKnow = may(caller, 'clone') && job.state === 'completed';
        const secrets: Secrets = mayKnow ? await store.resultSecrets(job.id) : {};
        return jobStatus(job, secrets);
      },
    );
  }

  routes.get(
    '/api/v2/jobs',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Jobs, newest first',
        querystring: listQuery,
        response: { 200: jobsAnswer, ...failures },
      },
    },
    async ({ caller, query }) => {
      requireScope(caller, 'read');
      const jobs = await store.list({
        ...(caller.customer === null ? {} : { customer: caller.customer }),
        ...(query.status === undefined ? {} : { states: [query.status] }),
        ...(query.limit === undefined ? {} : { limit: query.limit }),
        ...(query.before === undefined ? {} : { before: query.before }),
      });
      return { jobs: jobs.map(jobLine) };
    },
  );

  routes.post(
    '/api/v2/jobs/:id/cancel',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Cancel a job; what it did is taken back',
        params: idParameter,
        response: { 202: acceptedAnswer, ...failures },
      },
    },
    async ({ caller, params }, reply) => {
      requireScope(caller, scopeOf(requireOwn(caller, params.id, await store.find(params.id))));
      const job = await store.cancel(params.id);
      deps.wake('stop');
      return acceptedAs(reply, { job, replayed: false });
    },
  );

  routes.post(
    '/api/v2/jobs/:id/retry',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Do a failed job again, as a new one; its passwords were erased, so give them where they are needed',
        params: idParameter,
        body: retryBody,
        response: { 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const own = requireOwn(caller, params.id, await store.find(params.id));
      requireScope(caller, scopeOf(own));
      const job = requireFailed(own);
      const wanted = await again(deps, request, job, body);
      return acceptedAs(reply, await submit(deps, request, wanted, () => requireThere(deps, caller, job)));
    },
  );
}

/** What it takes to stop a job or to have it done again: as much as to have it done. */
const scopeOf = ({ kind }: Job): Scope => (kind === 'restore' ? 'restore' : 'clone');

/** What works on a clone works on the one that has the name now, which may be another customer's. Throws NOT_FOUND. */
async function requireThere(deps: AgentDeps, caller: Caller, { kind, clone }: Job): Promise<void> {
  if (kind !== 'clone' && clone !== null) await requireLivingClone(deps, caller, clone);
}

/** Throws JOB_ENDED, JOB_NOT_ENDED. */
function requireFailed(job: Job): Job {
  if (job.state === 'failed') return job;
  const code = job.state === 'completed' ? 'JOB_ENDED' : 'JOB_NOT_ENDED';
  throw new WpcloneError(code, `The job ${job.id} is ${job.state}.`, { details: { job: job.id } });
}

/** The same work for whoever asks now: what this caller may not do is refused, however the job came to be. */
async function again(
  { store, work }: AgentDeps,
  request: FastifyRequest,
  { id, kind, clone, sourceHost, priority, request: asked }: Job,
  body: RetryBody,
): Promise<NewJob> {
  const { caller } = request;
  const traceparent = traceparentOf(request);
  if (kind === 'clone') {
    requireScopeFor(caller, asked);
    const { mustLogIn: _decidedAnew, ...rest } = asked;
    const wanted: JsonObject = body.source_username === undefined ? rest : { ...rest, username: body.source_username };
    const said = { request: wanted, secrets: secretsOf(body), confidential: await store.confidential(id) };
    return cloneJob({ store, now: work.now }, caller, said, traceparent);
  }
  const { customer } = caller;
  const common = { kind, customer, clone, sourceHost, priority, confidential: {}, traceparent };
  if (kind !== 'restore') return { ...common, request: asked, secrets: {} };
  return { ...common, ...(await restoreAgain({ store, now: work.now }, caller, asked, sourceHost, body)) };
}
