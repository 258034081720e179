import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { WpcloneError } from '../../../shared/errors.ts';
import type { StoredEvent } from '../../jobs/types.ts';
import { requireOwn, requireScope } from '../access.ts';
import { idParameter } from '../bodies.ts';
import type { AgentDeps } from '../types.ts';
import { abortOf } from './jobs.ts';

/** Milliseconds between two comments on a stream that has nothing to say: balancers cut a silent one after a minute. */
const HEARTBEAT = 15_000;
/** Events read at once: the log is never read by a cursor that stays open. */
const PAGE = 100;

/**
 * A job's log as server-sent events (WHATWG HTML, section 9.2): from the first event on, or from the one after Last-Event-ID. A
 * reader that comes back after the end is answered 204, which tells it not to come again.
 */
export function eventRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { store, limits } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const streams = new Set<AbortController>();
  // An open stream would hold `close` up for ever.
  app.addHook('preClose', async () => {
    for (const open of streams) open.abort();
  });

  routes.get('/api/v2/jobs/:id/events', { schema: { params: idParameter } }, async (request, reply) => {
    const { caller, params, headers } = request;
    requireScope(caller, 'read');
    const job = requireOwn(caller, params.id, await store.find(params.id));
    const after = sequenceOf(headers['last-event-id']);
    const pending = await store.events(after, { job: job.id, limit: 1 });
    if (pending.length === 0 && job.finishedAt !== null) return reply.code(204).send();
    if (streams.size >= limits.streams) {
      throw new WpcloneError('TOO_MANY_REQUESTS', 'Too many streams are open.', { retryAfter: 5 });
    }
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, abortOf(request.raw)]);
    streams.add(own);
    void reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    try {
      await sendLog(deps, job.id, after, reply.raw, signal);
    } finally {
      streams.delete(own);
      reply.raw.end();
    }
    return reply;
  });
}

async function sendLog(
  { store, nextEvent, work }: Pick<AgentDeps, 'store' | 'nextEvent' | 'work'>,
  job: string,
  from: number,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let after = from;
  let spoke = work.now();
  while (!signal.aborted) {
    const events = await store.events(after, { job, limit: PAGE });
    for (const event of events) await write(response, text(event), signal);
    if (events.length > 0) {
      after = events.at(-1)?.sequence ?? after;
      spoke = work.now();
      if (events.some(isLast)) return;
      continue;
    }
    if (work.now() - spoke >= HEARTBEAT) {
      await write(response, ':\n\n', signal);
      spoke = work.now();
    }
    await nextEvent(HEARTBEAT, signal);
  }
  await write(response, 'event: goodbye\ndata: {}\n\n', new AbortController().signal);
}

/** A reader that takes nothing holds up its own stream only, and no memory grows for it. */
async function write(response: ServerResponse, chunk: string, signal: AbortSignal): Promise<void> {
  if (response.destroyed || response.write(chunk)) return;
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const text = ({ sequence, at, event }: StoredEvent): string =>
  `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify({ at: new Date(at).toISOString(), ...event })}\n\n`;

const isLast = ({ event }: StoredEvent): boolean =>
  event.type === 'job' && (event.state === 'completed' || event.state === 'failed');

function sequenceOf(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}
