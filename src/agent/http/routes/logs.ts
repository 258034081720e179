import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { WorkContext } from '../../../shared/context.ts';
import { requireOperator, requireScope } from '../access.ts';
import { failures } from '../answers.ts';
import { followQuery, idParameter } from '../bodies.ts';
import { abortOf, workOf } from '../calls.ts';
import { requireOwnClone } from '../owners.ts';
import type { AgentDeps } from '../types.ts';

const LINES = {
  200: { description: 'The lines', content: { 'text/plain': { schema: z.string() } } },
  ...failures,
};

/** Logs as lines of text; with follow=true they go on until the caller leaves. */
export function logRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { operations } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const leaving = new AbortController();
  app.addHook('preClose', async () => leaving.abort());

  async function answer(reply: FastifyReply, read: (work: WorkContext) => AsyncIterable<string>) {
    const signal = AbortSignal.any([leaving.signal, abortOf(reply)]);
    // The first line comes, or an error, before anything is answered.
    const reader = read(workOf(deps, signal))[Symbol.asyncIterator]();
    const first = await reader.next();
    void reply.hijack();
    await sendLines(reply.raw, first, reader, signal);
    return reply;
  }

  routes.get(
    '/api/v2/clones/:id/logs',
    {
      schema: {
        tags: ['clones'],
        summary: "A clone's logs, a line each, as text; follow=true goes on until you leave",
        params: idParameter,
        querystring: followQuery,
        response: LINES,
      },
    },
    async ({ caller, params, query }, reply) => {
      requireScope(caller, 'clone');
      await requireOwnClone(deps, caller, params.id);
      return answer(reply, (work) => operations.logs(params.id, { follow: query.follow === 'true' }, work));
    },
  );
  routes.get(
    '/api/v2/pool/units/:id/logs',
    {
      schema: {
        tags: ['pool'],
        summary: "A unit's logs, as those of a clone. Needs the scope admin",
        params: idParameter,
        querystring: followQuery,
        response: LINES,
      },
    },
    async ({ caller, params, query }, reply) => {
      requireOperator(caller);
      return answer(reply, (work) => operations.pool.logs(params.id, { follow: query.follow === 'true' }, work));
    },
  );
}

async function sendLines(
  response: ServerResponse,
  first: IteratorResult<string, unknown>,
  reader: AsyncIterator<string>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  try {
    for (let next = first; next.done !== true && !response.destroyed; next = await reader.next()) {
      if (!response.write(`${next.value}\n`)) await once(response, 'drain', { signal });
    }
    response.end();
  } catch {
    // Cut off in the middle: that is all that can be said any more to who reads.
    response.destroy();
  }
}
