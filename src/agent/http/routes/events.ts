import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { WpcloneError } from '../../../shared/errors.ts';
import { recentEvents } from '../../jobs/recent.ts';
import type { Job } from '../../jobs/types.ts';
import { EVENTS, requireOwn, requireScope } from '../access.ts';
import { failures } from '../answers.ts';
import { eventsQuery, idParameter } from '../bodies.ts';
import { createFollowers, eventText, onceForAll, type Sink } from '../follow-log.ts';
import type { OpenCalls } from '../open-calls.ts';
import type { AgentDeps } from '../types.ts';
import { part, socketSink } from '../socket-sink.ts';

/**
 * A job's log as it is written, from the first event on or from the one after another: as server-sent events (WHATWG HTML, section 9.2), or
 * to those who ask for it as a WebSocket. A reader that comes back after the end is answered 204, which tells it not to come again.
 */
export function eventRoutes(app: FastifyInstance, deps: AgentDeps, calls: OpenCalls): void {
  const { store, limits } = deps;
  const followers = createFollowers(recentEvents(store, deps.rung), deps);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const open = new Set<AbortController>();
  // An open stream would hold `close` up for ever.
  app.addHook('preClose', async () => {
    for (const each of open) each.abort();
  });

  const requireJob = async ({ caller, params }: Pick<FastifyRequest, 'caller' | 'params'>): Promise<Job> => {
    requireScope(caller, 'read');
    const { id } = idParameter.parse(params);
    return requireOwn(caller, id, await store.find(id));
  };
  const isOver = async (job: Job | undefined, after: number): Promise<boolean> =>
    job?.finishedAt !== null && (await store.events(after, { job: job?.id ?? '', limit: 1 })).length === 0;
  const requireRoom = (): void => {
    if (open.size < limits.streams) return;
    throw new WpcloneError('TOO_MANY_REQUESTS', 'Too many streams are open.', { retryAfter: 5 });
  };
  /** Ends with the reader, with the log, or with the agent; is cut off when the log cannot be read, so that the reader asks again. */
  const during = async (job: string, { whenGone, cut }: Way, work: (signal: AbortSignal) => Promise<void>) => {
    const own = new AbortController();
    open.add(own);
    whenGone(() => own.abort());
    try {
      await work(own.signal);
    } catch (error) {
      deps.work.log.warn('a stream of events broke off', { job, error: String(error) });
      cut();
    } finally {
      open.delete(own);
    }
  };

  routes.route({
    method: 'GET',
    url: EVENTS,
    schema: {
      tags: ['jobs'],
      summary:
        'The events of a job as they come (server-sent events, or a WebSocket), after Last-Event-ID or `after`; 204 when there are no more',
      params: idParameter,
      querystring: eventsQuery,
      response: {
        101: z.null().describe('To Upgrade: websocket. Each message is an event: its sequence and the event, in JSON'),
        200: {
          description: 'id, event and data of each event',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        204: z.null().describe('There are no more'),
        ...failures,
      },
    },
    // A socket that is open already could be told of no error.
    preHandler: async (request) => {
      if (!request.ws) return;
      await requireJob(request);
      requireRoom();
    },
    async handler(request, reply) {
      const job = await requireJob(request);
      const after = sequenceOf(request.headers['last-event-id']) ?? request.query.after ?? 0;
      if (await isOver(job, after)) {
        void reply.hijack();
        reply.raw.writeHead(204).end();
        return reply;
      }
      requireRoom();
      const response = beginStream(reply);
      const way: Way = {
        whenGone: (gone) => void (response.closed ? gone() : response.once('close', gone)),
        cut: () => response.destroy(),
      };
      await during(job.id, way, async (signal) => {
        const ended = await followers.follow(job.id, after, streamSink(response, signal), signal);
        response.end(ended ? undefined : 'event: goodbye\ndata: {}\n\n');
      });
      return reply;
    },
    wsHandler(socket: WebSocket, request) {
      const { id } = idParameter.parse(request.params);
      const { after = 0 } = eventsQuery.parse(request.query);
      const way: Way = { whenGone: (gone) => void socket.once('close', gone), cut: () => socket.terminate() };
      calls.endBy(request, () => void part(socket, REVOKED, 'the token was revoked', deps.work));
      void during(id, way, async (signal) => {
        const over = await isOver(await store.find(id), after);
        const ended = over || (await followers.follow(id, after, socketSink(socket, signal), signal));
        await (ended ? part(socket, 1000, 'ended', deps.work) : part(socket, 1001, 'goodbye', deps.work));
      });
    },
  });
}

/** RFC 6455 section 7.4.1: a message that goes against a policy. A client comes again after every other end. */
const REVOKED = 1008;

/** What a reader is reached by. */
interface Way {
  /** Calls `gone` when the reader goes, or has gone. */
  readonly whenGone: (gone: () => void) => void;
  readonly cut: () => void;
}

function beginStream(reply: FastifyReply): ServerResponse {
  void reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // At once: that shows whether something on the way holds streams back.
  reply.raw.write(COMMENT);
  return reply.raw;
}

const COMMENT = ':\n\n';
const message = onceForAll((event) =>
  Buffer.from(`id: ${event.sequence}\nevent: ${event.event.type}\ndata: ${eventText(event)}\n\n`),
);

function streamSink(response: ServerResponse, signal: AbortSignal): Sink {
  const write = (chunk: Buffer | string): Promise<void> | undefined =>
    response.destroyed || response.write(chunk) ? undefined : drained(response, signal);
  return { send: (event) => write(message(event)), beat: () => write(COMMENT) };
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const room = Promise.withResolvers<void>();
  const go = (): void => room.resolve();
  response.once('drain', go).once('close', go);
  signal.addEventListener('abort', go, { once: true });
  if (signal.aborted) go();
  await room.promise;
  response.off('drain', go).off('close', go);
  signal.removeEventListener('abort', go);
}

function sequenceOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
