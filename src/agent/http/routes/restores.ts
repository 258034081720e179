import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { requireScope } from '../access.ts';
import { acceptedAnswer, failures, restoreAnswer, restoresAnswer, restoreV1Answer } from '../answers.ts';
import { asyncQuery, restoreParameter } from '../bodies.ts';
import { abortOf, workOf, traceparentOf } from '../calls.ts';
import { acceptBody, RESTORE_BODY_LIMIT, type RestoreBody, restoreBody, undoBody } from '../restore-bodies.ts';
import { findRestore, ownsRestore, requireScopeToRestore, restoreJob, writtenJob } from '../restore-job.ts';
import { unknownRestore } from '../../../operations/restores.ts';
import { acceptedAs, submit, type Taken } from '../submit.ts';
import type { AgentDeps } from '../types.ts';
import { deprecated, endedInTime } from './v1.ts';

/** What goes back from clones to live sites: each write, and each plan, is a job. */
export function restoreRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['restores'];

  routes.post(
    '/api/v2/restore',
    {
      bodyLimit: RESTORE_BODY_LIMIT,
      schema: {
        tags,
        summary: 'Bring what was changed in a clone to its live site, or with dry_run say what that would be',
        body: restoreBody,
        response: { 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      return acceptedAs(reply, await enqueue(deps, request, request.body));
    },
  );

  routes.post(
    '/restore',
    {
      bodyLimit: RESTORE_BODY_LIMIT,
      schema: {
        tags: ['v1'],
        deprecated: true,
        summary: 'The same, and waits for it up to 55 seconds; then, or with async=true, it answers as v2 does',
        body: restoreBody,
        querystring: asyncQuery,
        response: { 200: restoreV1Answer, 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      void reply.headers(deprecated('/api/v2/restore'));
      const { job, replayed } = await enqueue(deps, request, request.body);
      const ended = await endedInTime(deps, job, request.query.async === 'true', abortOf(reply));
      if (ended.state !== 'completed') return acceptedAs(reply, { job: ended, replayed });
      return reply.code(200).send({ success: true, ...ended.result });
    },
  );

  routes.get(
    '/api/v2/restores',
    { schema: { tags, summary: 'What was brought to live sites', response: { 200: restoresAnswer, ...failures } } },
    async ({ caller }, reply) => {
      requireScope(caller, 'read');
      const restores = await deps.operations.restores.list(workOf(deps, abortOf(reply)));
      const seen = await Promise.all(restores.map((each) => ownsRestore(deps.store, caller, each)));
      return { restores: restores.filter((_, index) => seen[index] === true) };
    },
  );
  routes.get(
    '/api/v2/restores/:id',
    {
      schema: {
        tags,
        summary: 'What one restore wrote',
        params: restoreParameter,
        response: { 200: restoreAnswer, ...failures },
      },
    },
    async ({ caller, params }) => {
      requireScope(caller, 'read');
      const found = await findRestore(deps, caller, params.id);
      if (found === undefined) throw unknownRestore(params.id);
      return found;
    },
  );

  for (const { what, body, summary } of WRITTEN) {
    routes.post(
      `/api/v2/restores/:id/${what}`,
      {
        schema: { tags, summary, params: restoreParameter, body, response: { 202: acceptedAnswer, ...failures } },
      },
      async (request, reply) => {
        const { caller, params } = request;
        requireScopeToRestore(caller, request.body.insecure);
        const job = await writtenJob(deps, caller, what, params.id, request.body, traceparentOf(request));
        return acceptedAs(reply, await submit(deps, request, job));
      },
    );
  }
}

const WRITTEN = [
  { what: 'undo', body: undoBody, summary: 'Take back what a restore wrote, and nothing that came since' },
  { what: 'accept', body: acceptBody, summary: 'Give up the way back of a restore' },
] as const;

async function enqueue(deps: AgentDeps, request: FastifyRequest, body: RestoreBody): Promise<Taken> {
  const { caller } = request;
  requireScopeToRestore(caller, body.insecure);
  return submit(deps, request, await restoreJob(deps, caller, body, traceparentOf(request)));
}
