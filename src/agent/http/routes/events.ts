import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WpcloneError } from '../../../shared/errors.ts';
import { recentEvents } from '../../jobs/recent.ts';
import type { JobStore } from '../../jobs/store.ts';
import type { Job, StoredEvent } from '../../jobs/types.ts';
import { EVENTS, requireOwn, requireScope } from '../access.ts';
import { failures, jobLogAnswer, ticketAnswer } from '../answers.ts';
import { idParameter, logQuery, ticketQuery } from '../bodies.ts';
import { abortOf, hasEnded, patiently } from '../calls.ts';
import { eventReport } from '../reports.ts';
import type { Tickets } from '../tickets.ts';
import type { AgentDeps } from '../types.ts';

/** Milliseconds between two comments on a stream that has nothing to say: balancers cut a silent one after a minute. */
const HEARTBEAT = 15_000;
/** Events read at once: the log is never read by a cursor that stays open. */
const PAGE = 100;

/** A job's log, from the first event on or from the one after another. */
export function eventRoutes(app: FastifyInstance, deps: AgentDeps, tickets: Tickets): void {
  streamRoute(app, deps);
  ticketRoute(app, deps, tickets);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/api/v2/jobs/:id/log',
    {
      schema: {
        tags: ['jobs'],
        summary:
          'The events of a job after a sequence number, for those who cannot read a stream; wait is long polling',
        params: idParameter,
        querystring: logQuery,
        response: { 200: jobLogAnswer, ...failures },
      },
    },
    async ({ caller, params, query: { after = 0, wait = 0 } }, reply) => {
      requireScope(caller, 'read');
      // The job first: what ended it is among the events then.
      const ask = async () => {
        const job: Job = requireOwn(caller, params.id, await deps.store.find(params.id));
        return { job, events: await deps.store.events(after, { job: job.id, limit: PAGE }) };
      };
      const said = ({ job, events }: Awaited<ReturnType<typeof ask>>) => events.length > 0 || hasEnded(job);
      const { job, events } = await patiently(deps, wait, abortOf(reply), ask, said);
      return {
        events: events.map((event) => ({ sequence: event.sequence, event: eventReport(event) })),
        ended: hasEnded(job) && events.length < PAGE,
      };
    },
  );
}

function ticketRoute(app: FastifyInstance, { store }: AgentDeps, tickets: Tickets): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.post(
    '/api/v2/jobs/:id/ticket',
    {
      schema: {
        tags: ['jobs'],
        summary: 'A ticket to open the stream of events once (?ticket=…), for a page, which can send no token',
        params: idParameter,
        response: { 200: ticketAnswer, ...failures },
      },
    },
    async ({ caller, params: { id } }) => {
      requireScope(caller, 'read');
      requireOwn(caller, id, await store.find(id));
      return tickets.issue(caller, id);
    },
  );
}

/**
 * Server-sent events (WHATWG HTML, section 9.2). A reader that comes back after the end is answered 204, which tells it not to come
 * again.
 */
function streamRoute(app: FastifyInstance, deps: AgentDeps): void {
  const { store, limits } = deps;
  const events = recentEvents(store, deps.rung);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const streams = new Set<AbortController>();
  // An open stream would hold `close` up for ever.
  app.addHook('preClose', async () => {
    for (const open of streams) open.abort();
  });

  routes.get(
    EVENTS,
    {
      schema: {
        tags: ['jobs'],
        summary:
          'The events of a job as they come (server-sent events), after Last-Event-ID; 204 when there are no more',
        params: idParameter,
        querystring: ticketQuery,
        response: {
          200: {
            description: 'id, event and data of each event',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          204: z.null().describe('There are no more'),
          ...failures,
        },
      },
    },
    async ({ caller, params, headers }, reply) => {
      requireScope(caller, 'read');
      const job = requireOwn(caller, params.id, await store.find(params.id));
      const after = sequenceOf(headers['last-event-id']);
      const pending = await store.events(after, { job: job.id, limit: 1 });
      if (pending.length === 0 && job.finishedAt !== null) {
        void reply.hijack();
        reply.raw.writeHead(204).end();
        return reply;
      }
      if (streams.size >= limits.streams) {
        throw new WpcloneError('TOO_MANY_REQUESTS', 'Too many streams are open.', { retryAfter: 5 });
      }
      const own = new AbortController();
      const signal = AbortSignal.any([own.signal, abortOf(reply)]);
      streams.add(own);
      void reply.hijack();
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      // At once: that shows whether something on the way holds streams back.
      reply.raw.write(':\n\n');
      try {
        await sendLog({ ...deps, events }, job.id, after, reply.raw, signal);
      } finally {
        streams.delete(own);
        reply.raw.end();
      }
      return reply;
    },
  );
}

async function sendLog(
  { events: read, nextEvent, work }: Pick<AgentDeps, 'nextEvent' | 'work'> & Pick<JobStore, 'events'>,
  job: string,
  from: number,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let after = from;
  let spoke = work.now();
  while (!signal.aborted) {
    const events = await read(after, { job, limit: PAGE });
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
  const room = Promise.withResolvers<void>();
  const go = (): void => room.resolve();
  response.once('drain', go).once('close', go);
  signal.addEventListener('abort', go, { once: true });
  await room.promise;
  response.off('drain', go).off('close', go);
  signal.removeEventListener('abort', go);
}

const texts = new WeakMap<StoredEvent, string>();

/** Made once of an event that many hear. */
function text(stored: StoredEvent): string {
  const { sequence, at, event } = stored;
  const made =
    texts.get(stored) ??
    `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(eventReport({ at, event }))}\n\n`;
  texts.set(stored, made);
  return made;
}

const isLast = ({ event }: StoredEvent): boolean =>
  event.type === 'job' && (event.state === 'completed' || event.state === 'failed');

function sequenceOf(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}
