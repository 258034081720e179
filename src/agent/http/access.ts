import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { type Caller, may, type Scope } from '../access/token.ts';
import type { Tokens } from '../access/tokens.ts';
import type { Job } from '../jobs/types.ts';
import { createBucket } from './bucket.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Tickets } from './tickets.ts';
import type { AgentDeps } from './types.ts';

/** The stream of a job's events. */
export const EVENTS = '/api/v2/jobs/:id/events';

/** Calls that need no token: they say nothing but that the agent is there. */
const OPEN = new Set(['/livez', '/readyz']);

/**
 * Before each call: is it addressed to us, who calls, not too often. A page of a foreign site in a browser on this machine must get
 * nowhere, whatever name it gave this address (DNS rebinding); so names are checked first.
 */
export function guardCalls(app: FastifyInstance, deps: AgentDeps, tickets: Tickets, open: OpenCalls): void {
  const bucket = createBucket(deps.limits.requestsPerSecond, deps.work.now);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request, reply) => {
    if (deps.names !== 'any') refuseStrangers(request, deps.names);
    if (OPEN.has(request.routeOptions.url ?? '')) return;
    if (deps.owner !== undefined) {
      request.caller = deps.owner;
      return;
    }
    request.caller = byTicket(request, tickets, deps.tokens) ?? deps.tokens.check(bearerOf(request));
    open.add(request.caller, request, reply);
    const wait = bucket.take(request.caller.token);
    if (wait > 0) {
      throw new WpcloneError('TOO_MANY_REQUESTS', 'Too many requests with this token.', {
        retryable: true,
        retryAfter: wait,
      });
    }
  });
}

const eventsParameters = z.object({ id: z.string() });
const ticketQuery = z.object({ ticket: z.string() });

/** Only events can be read with a ticket. Throws UNAUTHORIZED. */
function byTicket(
  { routeOptions, params, query }: FastifyRequest,
  tickets: Tickets,
  tokens: Tokens,
): Caller | undefined {
  if (routeOptions.url !== EVENTS) return undefined;
  const given = ticketQuery.safeParse(query);
  if (!given.success) return undefined;
  const caller = tickets.use(given.data.ticket, eventsParameters.parse(params).id);
  if (tokens.isGood(caller.token)) return caller;
  throw new WpcloneError('UNAUTHORIZED', 'The token that the ticket was asked for with was revoked.');
}

function refuseStrangers({ headers }: FastifyRequest, names: ReadonlySet<string>): void {
  const { host = '', origin } = headers;
  if (!names.has(hostName(host))) throw new WpcloneError('FOREIGN_HOST', 'The agent is not called so.');
  if (origin !== undefined && !isOwnPage(URL.parse(origin), host.toLowerCase(), names)) {
    throw new WpcloneError('FOREIGN_HOST', 'The agent answers no pages of other sites.');
  }
}

/**
 * A page of the agent's own address, or of a name that a proxy in front of it has. Other ports of this machine are other sites: clones,
 * whose scripts are strangers', are served there.
 */
function isOwnPage(page: URL | null, host: string, names: ReadonlySet<string>): boolean {
  if (page === null) return false;
  const { hostname } = page;
  if (page.host === host || hostname === host) return true;
  return names.has(hostname) && !isLoopback(hostname) && isIP(hostname.replaceAll(/[[\]]/g, '')) === 0;
}

const hostName = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

/** RFC 6750 section 2.1. */
function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Throws SCOPE_MISSING. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (may(caller, scope)) return;
  throw new WpcloneError('SCOPE_MISSING', `This token may not do that: it needs the scope ${scope}.`, {
    details: { scope },
  });
}

/** For what concerns all customers: a token that is bound to one may not, whatever its scopes. Throws SCOPE_MISSING. */
export function requireOperator(caller: Caller): void {
  requireScope(caller, 'admin');
  if (caller.customer === null) return;
  throw new WpcloneError('SCOPE_MISSING', 'This token is bound to a customer and may not do what concerns all.', {
    details: { scope: 'admin, bound to no customer' },
  });
}

/** Others' jobs are as if they were not there: whether an id exists is nobody else's business. Throws JOB_NOT_FOUND. */
export function requireOwn(caller: Caller, id: string, job: Job | undefined): Job {
  if (job !== undefined && (caller.customer === null || job.customer === caller.customer)) return job;
  throw new WpcloneError('JOB_NOT_FOUND', `There is no job ${id}.`, { details: { job: id } });
}
