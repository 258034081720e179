import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { guardCalls } from './access.ts';
import { BODY_LIMIT } from './bodies.ts';
import { renderErrors } from './errors.ts';
import { cloneRoutes } from './routes/clone.ts';
import { cloneListRoutes } from './routes/clones.ts';
import { eventRoutes } from './routes/events.ts';
import { jobRoutes } from './routes/jobs.ts';
import type { AgentDeps } from './types.ts';

/** The agent's HTTP API. It listens nowhere yet. */
export async function createAgentApp(deps: AgentDeps): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  renderErrors(app, deps);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'wpclone agent', version: deps.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  guardCalls(app, deps);
  await app.register(async (routes) => {
    healthRoutes(routes, deps);
    jobRoutes(routes, deps);
    cloneRoutes(routes, deps);
    cloneListRoutes(routes, deps);
    eventRoutes(routes, deps);
    routes.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  await app.ready();
  return app;
}

/** /livez says that the loop turns; /readyz that jobs are taken. */
function healthRoutes(app: FastifyInstance, { store, draining }: AgentDeps): void {
  app.get('/livez', { schema: { hide: true } }, async () => ({ ok: true }));
  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    if (draining()) return reply.code(503).send({ ok: false, reason: 'the agent stops' });
    await store.counts();
    return { ok: true };
  });
}
