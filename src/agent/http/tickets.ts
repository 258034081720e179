import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { Caller } from '../access/token.ts';

/** Milliseconds in which a ticket must be used. */
const LIFE = 60_000;
/** Tickets that may wait; more are no reader's, and the oldest go. */
const MOST = 1_000;

/** Lets somebody who cannot send a token (a page's EventSource sends no headers) read one job's events, once. */
export interface Tickets {
  /** Seconds that it is good for come with it. */
  issue(caller: Caller, job: string): { readonly ticket: string; readonly expires_in: number };
  /** Whom it was given to, with no more rights than it takes. Throws UNAUTHORIZED for one that is used, old, another job's or none. */
  use(ticket: string, job: string): Caller;
}

/** They live in memory: an agent that starts knows none of before. */
export function createTickets({ now, randomBytes }: Pick<WorkContext, 'now' | 'randomBytes'>): Tickets {
  const waiting = new Map<string, { readonly caller: Caller; readonly job: string; readonly end: number }>();
  return {
    issue({ token, customer }, job) {
      for (const [old, { end }] of waiting) if (end <= now() || waiting.size >= MOST) waiting.delete(old);
      const ticket = randomBytes(24).toString('base64url');
      waiting.set(ticket, { caller: { token, customer, scopes: ['read'] }, job, end: now() + LIFE });
      return { ticket, expires_in: LIFE / 1000 };
    },
    use(ticket, job) {
      const found = waiting.get(ticket);
      waiting.delete(ticket);
      if (found !== undefined && found.job === job && now() < found.end) return found.caller;
      throw new WpcloneError('UNAUTHORIZED', 'The ticket is used, too old or none: ask for a new one.');
    },
  };
}
