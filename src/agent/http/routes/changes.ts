import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { WpcloneError } from '../../../shared/errors.ts';
import { requireScope } from '../access.ts';
import { acceptedAnswer, deletedAnswer, failures } from '../answers.ts';
import { idParameter } from '../bodies.ts';
import { traceparentOf } from '../calls.ts';
import type { Caller } from '../../access/token.ts';
import type { Job, JobKind, NewJob } from '../../jobs/types.ts';
import { requireLivingClone } from '../owners.ts';
import { acceptedAs, submit, type Taken } from '../submit.ts';
import type { AgentDeps } from '../types.ts';

/** Reset and early delete: what takes long is a job. */
export function changeRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['clones'];
  const enqueue = (kind: JobKind, clone: string, request: FastifyRequest): Promise<Taken> =>
    submit(deps, request, jobOn(kind, clone, request), () => requireLivingClone(deps, request.caller, clone));

  routes.post(
    '/api/v2/clones/:id/reset',
    {
      schema: {
        tags,
        summary: 'Take a clone back to the moment it was cloned',
        params: idParameter,
        response: { 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      requireScope(request.caller, 'clone');
      return acceptedAs(reply, await enqueue('reset', request.params.id, request));
    },
  );
  routes.delete(
    '/api/v2/delete/:id',
    {
      schema: {
        tags,
        summary: 'Delete a clone before its end; 200 when it has been deleted already',
        params: idParameter,
        response: { 200: deletedAnswer, 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      requireScope(request.caller, 'clone');
      const earlier = await lastDeletion(deps, request.caller, id);
      if (earlier !== undefined && earlier.finishedAt === null) {
        return acceptedAs(reply, { job: earlier, replayed: true });
      }
      try {
        return acceptedAs(reply, await enqueue('delete', id, request));
      } catch (error) {
        const gone = error instanceof WpcloneError && error.code === 'NOT_FOUND';
        if (!gone || earlier?.state !== 'completed') throw error;
        return reply.code(200).send({ clone_id: id, deleted: true as const });
      }
    },
  );
}

const jobOn = (kind: JobKind, clone: string, request: FastifyRequest): NewJob => ({
  kind,
  customer: request.caller.customer,
  clone,
  sourceHost: null,
  priority: 10,
  request: {},
  secrets: {},
  confidential: {},
  traceparent: traceparentOf(request),
});

/** A deletion that is repeated is the same deletion. */
async function lastDeletion({ store }: AgentDeps, { customer }: Caller, clone: string): Promise<Job | undefined> {
  const [last] = await store.list({ ...(customer === null ? {} : { customer }), kinds: ['delete'], clone, limit: 1 });
  return last;
}
