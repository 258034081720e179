import { createServer } from 'node:https';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance, type FastifyServerFactory, type RawServerDefault } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { guardCalls } from './access.ts';
import { BODY_LIMIT } from './bodies.ts';
import { describeSchemas } from './document.ts';
import { refuseUnparsed, refuseUnreadable, renderErrors } from './errors.ts';
import { createOpenCalls } from './open-calls.ts';
import { readBodies } from './read-bodies.ts';
import { agentRoutes, healthRoutes } from './routes/agent.ts';
import { changeRoutes } from './routes/changes.ts';
import { cloneRoutes } from './routes/clone.ts';
import { cloneListRoutes } from './routes/clones.ts';
import { eventRoutes } from './routes/events.ts';
import { jobLogRoutes } from './routes/job-log.ts';
import { jobRoutes } from './routes/jobs.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { lifecycleRoutes } from './routes/lifecycle.ts';
import { logRoutes } from './routes/logs.ts';
import { poolRoutes } from './routes/pool.ts';
import { restoreRoutes } from './routes/restores.ts';
import { createTickets } from './tickets.ts';
import type { AgentDeps } from './types.ts';

/** In PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Milliseconds for a request to arrive whole: whoever dribbles must not keep a connection for ever. */
const REQUEST_LIMIT = 30_000;

/** Bytes that somebody who follows a log over a WebSocket may say in it: nothing is asked of them. */
const WORD_LIMIT = 1024;

/** The agent's HTTP API. It listens nowhere yet. */
export async function createAgentApp(deps: AgentDeps, tls?: TlsFiles): Promise<FastifyInstance> {
  const app = Fastify<RawServerDefault>({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_LIMIT,
    forceCloseConnections: true,
    clientErrorHandler: refuseUnparsed,
    routerOptions: { onBadUrl: refuseUnreadable, onMaxParamLength: refuseUnreadable },
    ...(tls === undefined ? {} : { serverFactory: encrypted(tls) }),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  renderErrors(app, deps);
  readBodies(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'wpclone agent', version: deps.version },
      servers: [{ url: 'http://127.0.0.1:8420' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: describeSchemas,
  });
  await app.register(websocket, {
    options: { maxPayload: WORD_LIMIT },
    // Whoever follows a log is told that it ends, by the route.
    preClose: (done) => done(),
  });
  const tickets = createTickets(deps.work);
  const open = createOpenCalls(deps);
  guardCalls(app, deps, tickets, open);
  await app.register(async (routes) => {
    metricsRoutes(routes, deps);
    healthRoutes(routes, deps);
    jobRoutes(routes, deps);
    cloneRoutes(routes, deps);
    cloneListRoutes(routes, deps);
    changeRoutes(routes, deps);
    restoreRoutes(routes, deps);
    logRoutes(routes, deps);
    agentRoutes(routes, deps);
    poolRoutes(routes, deps);
    eventRoutes(routes, deps, open);
    jobLogRoutes(routes, deps, tickets);
    lifecycleRoutes(routes, deps);
    routes.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  await app.ready();
  return app;
}

const encrypted =
  (tls: TlsFiles): FastifyServerFactory =>
  (handler) =>
    // A server of one's own is not given the framework's limits.
    createServer({ ...tls, requestTimeout: REQUEST_LIMIT }, handler);
