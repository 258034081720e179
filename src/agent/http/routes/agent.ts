import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { credentialsOf } from '../../../operations/credentials.ts';
import { requireOperator, requireScope } from '../access.ts';
import { agentAnswer, aliveAnswer, disconnectAnswer, failures, garbageAnswer } from '../answers.ts';
import { disconnectBody } from '../bodies.ts';
import { abortOf, workOf } from '../calls.ts';
import type { AgentDeps } from '../types.ts';

/** What concerns the agent as a whole. */
export function agentRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['agent'];

  routes.get(
    '/api/v2/agent',
    {
      schema: {
        tags,
        summary: 'What the agent is, and where its clones live',
        response: { 200: agentAnswer, ...failures },
      },
    },
    async ({ caller }) => {
      requireScope(caller, 'read');
      return { version: deps.version, ...deps.where, draining: deps.draining() };
    },
  );
  routes.post(
    '/api/v2/gc',
    {
      schema: {
        tags,
        summary: 'Remove expired clones and what crashes left behind, now. Needs the scope admin',
        response: { 200: garbageAnswer, ...failures },
      },
    },
    async ({ caller }, reply) => {
      requireOperator(caller);
      const { removed, failed, ...rest } = await deps.operations.collectGarbage(workOf(deps, abortOf(reply)));
      return { removed, failed: failed.map((each) => ({ ...each, details: { ...each.details } })), ...rest };
    },
  );
  routes.post(
    '/api/v2/disconnect',
    {
      schema: {
        tags,
        summary: 'Take the plugin off a site. Needs the scope admin',
        body: disconnectBody,
        response: { 200: disconnectAnswer, ...failures },
      },
    },
    async ({ caller, body }, reply) => {
      requireOperator(caller);
      const login = {
        ...(body.source_username === undefined ? {} : { username: body.source_username }),
        ...(body.login_url === undefined ? {} : { loginUrl: body.login_url }),
        insecureTls: body.insecure ?? false,
      };
      return deps.operations.disconnect(body.source_url, login, credentialsOf(body), workOf(deps, abortOf(reply)));
    },
  );
}

/** /livez says that the loop turns; /readyz that jobs are taken. They ask for no token. */
export function healthRoutes(app: FastifyInstance, { ready }: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const open = { tags: ['health'], security: [] };
  routes.get(
    '/livez',
    { schema: { ...open, summary: 'Whether the agent answers at all', response: { 200: aliveAnswer, ...failures } } },
    async () => ({ ok: true }),
  );
  routes.get(
    '/readyz',
    {
      schema: {
        ...open,
        summary: 'Whether it takes jobs',
        response: { 200: aliveAnswer, 503: aliveAnswer, '4xx': failures['4xx'] },
      },
    },
    async (_request, reply) => {
      const { status, body } = await readinessOf(ready);
      return reply.code(status).send(body);
    },
  );
}

/** What /readyz answers, at whichever port. */
export async function readinessOf(ready: AgentDeps['ready']) {
  const reason = await ready();
  return reason === undefined
    ? { status: 200 as const, body: { ok: true } }
    : { status: 503 as const, body: { ok: false, reason } };
}
