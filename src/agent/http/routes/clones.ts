import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WorkContext } from '../../../shared/context.ts';
import { newJobId } from '../../../shared/context.ts';
import type { Caller } from '../../access/token.ts';
import type { JobKind } from '../../jobs/types.ts';
import { requireScope } from '../access.ts';
import { acceptedAnswer, cloneAnswer, clonesAnswer, errorAnswer, loginLinkAnswer } from '../answers.ts';
import { extendBody, idParameter } from '../bodies.ts';
import { requireOwnClone, sightOf } from '../owners.ts';
import type { AgentDeps } from '../types.ts';
import { abortOf, accepted } from './jobs.ts';

/** The clones that there are. What takes long is a job. */
export function cloneListRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { operations, store } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const failures = { '4xx': errorAnswer, '5xx': errorAnswer };

  const work = (signal: AbortSignal): WorkContext => ({
    ...deps.work,
    signal,
    jobId: newJobId(deps.work.randomBytes),
    emit: () => undefined,
  });
  const enqueue = async (kind: JobKind, clone: string, caller: Caller) => {
    const { job } = await store.enqueue(
      {
        kind,
        customer: caller.customer,
        clone,
        sourceHost: null,
        priority: 10,
        request: {},
        secrets: {},
        traceparent: null,
      },
      { limit: deps.limits.queue },
    );
    deps.wake();
    return accepted(job);
  };

  routes.get('/api/v2/clones', { schema: { response: { 200: clonesAnswer, ...failures } } }, async (request) => {
    requireScope(request.caller, 'read');
    const [clones, { sees }] = await Promise.all([
      operations.list(work(abortOf(request.raw))),
      sightOf(store, request.caller),
    ]);
    return { clones: clones.filter((clone) => sees(clone.clone_id)) };
  });
  routes.get(
    '/api/v2/clones/:id',
    { schema: { params: idParameter, response: { 200: cloneAnswer, ...failures } } },
    async ({ caller, params, raw }) => {
      requireScope(caller, 'read');
      await requireOwnClone(store, caller, params.id);
      return operations.show(params.id, { password: false }, work(abortOf(raw)));
    },
  );
  routes.post(
    '/api/v2/clones/:id/login-link',
    { schema: { params: idParameter, response: { 200: loginLinkAnswer, ...failures } } },
    async ({ caller, params, raw }) => {
      requireScope(caller, 'clone');
      await requireOwnClone(store, caller, params.id);
      return operations.loginLink(params.id, work(abortOf(raw)));
    },
  );
  routes.post(
    '/api/v2/clones/:id/extend',
    { schema: { params: idParameter, body: extendBody, response: { 200: cloneAnswer, ...failures } } },
    async ({ caller, params, body, raw }) => {
      requireScope(caller, 'clone');
      await requireOwnClone(store, caller, params.id);
      return operations.extend(params.id, Math.round(body.ttl_minutes * 60), work(abortOf(raw)));
    },
  );
  routes.post(
    '/api/v2/clones/:id/reset',
    { schema: { params: idParameter, response: { 202: acceptedAnswer, ...failures } } },
    async ({ caller, params }, reply) => {
      requireScope(caller, 'clone');
      await requireOwnClone(store, caller, params.id);
      return reply.code(202).send(await enqueue('reset', params.id, caller));
    },
  );
  routes.delete(
    '/api/v2/delete/:id',
    { schema: { params: idParameter, response: { 202: acceptedAnswer, ...failures } } },
    async ({ caller, params }, reply) => {
      requireScope(caller, 'clone');
      await requireOwnClone(store, caller, params.id);
      return reply.code(202).send(await enqueue('delete', params.id, caller));
    },
  );
}
