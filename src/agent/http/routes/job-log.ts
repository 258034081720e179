import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Job } from '../../jobs/types.ts';
import { requireOwn, requireScope } from '../access.ts';
import { failures, jobLogAnswer, ticketAnswer } from '../answers.ts';
import { idParameter, logQuery } from '../bodies.ts';
import { abortOf, hasEnded, longPoll } from '../calls.ts';
import { eventReport } from '../reports.ts';
import type { Tickets } from '../tickets.ts';
import type { AgentDeps } from '../types.ts';

/** Events in one answer. */
const PAGE = 100;

/** A job's log in parts, and tickets for those who follow it and can send no token. */
export function jobLogRoutes(app: FastifyInstance, deps: AgentDeps, tickets: Tickets): void {
  const { store } = deps;
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
        const job: Job = requireOwn(caller, params.id, await store.find(params.id));
        return { job, events: await store.events(after, { job: job.id, limit: PAGE }) };
      };
      const said = ({ job, events }: Awaited<ReturnType<typeof ask>>) => events.length > 0 || hasEnded(job);
      const { job, events } = await longPoll(deps, params.id, wait, abortOf(reply), ask, said);
      return {
        events: events.map((event) => ({ sequence: event.sequence, event: eventReport(event) })),
        ended: hasEnded(job) && events.length < PAGE,
      };
    },
  );
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
