import type { FastifyInstance } from 'fastify';
import { requireScope } from '../access.ts';
import type { AgentDeps } from '../types.ts';

const MILLISECONDS = 1000;

/** Measures each call, and answers with what was measured, in Prometheus' text format. */
export function metricsRoutes(app: FastifyInstance, { metrics }: AgentDeps): void {
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const { url: route } = routeOptions;
    // What is no route of ours would be a series for each word that somebody tries.
    if (route === undefined) return;
    metrics.answered({ method, route, status: reply.statusCode, seconds: reply.elapsedTime / MILLISECONDS });
  });
  app.get('/metrics', { schema: { hide: true } }, async ({ caller }, reply) => {
    requireScope(caller, 'read');
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}
