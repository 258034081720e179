import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { requireOperator } from '../access.ts';
import { agentStatusAnswer, failures, stoppingAnswer } from '../answers.ts';
import type { AgentDeps } from '../types.ts';

/** For who runs the agent: what it is doing, and its end. */
export function lifecycleRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();

  routes.get(
    '/api/v2/agent/status',
    {
      schema: {
        tags: ['agent'],
        summary: 'What the agent is doing. Needs the scope admin',
        response: { 200: agentStatusAnswer, ...failures },
      },
    },
    async ({ caller }) => {
      requireOperator(caller);
      const [{ pending, running, completed, failed }, reason] = await Promise.all([deps.store.counts(), deps.ready()]);
      const jobs = { pending, running, completed, failed };
      return { ...deps.status(), ready: reason === undefined, ...(reason === undefined ? {} : { reason }), jobs };
    },
  );
  routes.post(
    '/api/v2/agent/stop',
    {
      schema: {
        tags: ['agent'],
        summary: 'Let running jobs end, give back those that take longer than a minute, and end. Needs the scope admin',
        response: { 202: stoppingAnswer, ...failures },
      },
    },
    async ({ caller }, reply) => {
      requireOperator(caller);
      deps.stop();
      return reply.code(202).send({ stopping: true });
    },
  );
}
