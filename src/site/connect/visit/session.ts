import { CookieJar } from 'tough-cookie';
import { FormData } from 'undici';
import { withTimeout } from '../../../shared/abortable.ts';
import type { ReportingContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { HttpAuth } from '../../access.ts';
import { openAgent } from '../../http.ts';
import { resolveUrl, staysAtHome } from '../../own-urls.ts';
import type { Reach } from '../../reach.ts';
import { isChallenge, limitsRequests } from '../../signs.ts';
import { exchange, type Sent, type Wire } from './exchange.ts';
import type { Page } from './page.ts';

const MAX_REDIRECTS = 10;
/** Milliseconds for a whole page: one that comes by single bytes is never silent for long enough to be given up. */
const PAGE_TIME = 120_000;
/** Seconds that a rate limit is waited for in all before giving up. */
const RETRY_TIMEOUT = 90;
/** How often a browser is started against walls. */
const MOST_WALLS = 2;

export interface SessionOptions {
  readonly insecureTls: boolean;
  /** The web server's own password. */
  readonly httpAuth?: HttpAuth | undefined;
  /** Where connections may lead; absent: anywhere. */
  readonly reach?: Reach | undefined;
  /** Gets past a wall at this address with a browser, whose cookies it puts into the jar; false when it cannot. */
  readonly passWall?: (url: URL, jar: CookieJar) => Promise<boolean>;
}

export interface SessionChanges {
  readonly signal?: AbortSignal;
  /** Lets a request that is under way come to its end: the signal only ends the waits between requests. */
  readonly steady?: boolean;
  /** Hands out a 503 as it is, without waiting for what may be a limit. */
  readonly impatient?: boolean;
}

/** A browser without a window: cookies, redirects within one site and never away from https, retries at rate limits. */
export interface Session {
  readonly jar: CookieJar;
  get(url: URL): Promise<Page>;
  /** Redirects are not followed: the `location` header tells where the answer leads. */
  getOnce(url: URL): Promise<Page>;
  /** Sends a form; its answer's redirects are not followed. */
  post(url: URL, fields: Readonly<Record<string, string>> | FormData): Promise<Page>;
  /** Has a browser get past what keeps us from a page. Challenges are met without asking. False when that was in vain, or has been. */
  passWall(url: URL): Promise<boolean>;
  /** What walls gave the browser, as the value of a Cookie header for `url`; undefined without walls. */
  wallCookies(url: URL): Promise<string | undefined>;
  /** The web server's password, when the host of `url` has asked for it. */
  httpAuth(url: URL): HttpAuth | undefined;
  /** The same cookies and connections, with something changed. */
  with(changes: SessionChanges): Session;
  close(): Promise<void>;
}

type Work = Pick<ReportingContext, 'signal' | 'sleep' | 'retry'> & Pick<SessionChanges, 'steady' | 'impatient'>;

/** Opens connections of its own: close it when done. */
export function openSession(options: SessionOptions, work: Work): Session {
  const agent = openAgent(options.insecureTls, options.reach);
  const jar = new CookieJar();
  const wire: Wire = { agent, jar, httpAuth: options.httpAuth, asked: new Set() };
  return sessionOver(wire, wallsOf(options, jar), work);
}

function sessionOver(wire: Wire, walls: Walls, work: Work): Session {
  const send = (sent: Sent): Promise<Page> =>
    retryWhenLimited(work, () =>
      withTimeout(PAGE_TIME, work, endless(sent.url), (limit) =>
        exchange(wire, sent, work.steady ? limit : AbortSignal.any([work.signal, limit])),
      ),
    );
  const once = async (method: 'GET' | 'POST', url: URL, body?: string | FormData): Promise<Page> => {
    const page = await send({ method, url, body });
    return isChallenge(page) && (await walls.pass(url)) ? send({ method, url, body }) : page;
  };
  return {
    jar: wire.jar,
    get: (url) => follow(url, (each) => once('GET', each)),
    getOnce: (url) => once('GET', url),
    post: (url, fields) =>
      once('POST', url, fields instanceof FormData ? fields : new URLSearchParams(fields).toString()),
    passWall: (url) => walls.pass(url),
    wallCookies: (url) => walls.cookies(url),
    httpAuth: ({ origin }) => (wire.asked.has(origin) ? wire.httpAuth : undefined),
    with: (changes) => sessionOver(wire, walls, { ...work, ...changes }),
    close: () => wire.agent.destroy(),
  };
}

interface Walls {
  pass(url: URL): Promise<boolean>;
  cookies(url: URL): Promise<string | undefined>;
}

function wallsOf({ passWall }: SessionOptions, jar: CookieJar): Walls {
  const given = new Set<string>();
  let tries = 0;
  const held = async (url: URL): Promise<Set<string>> =>
    new Set((await jar.getCookies(url.href)).map((cookie) => cookie.cookieString()));
  return {
    pass: async (url) => {
      if (!passWall || tries >= MOST_WALLS) return false;
      tries += 1;
      const before = await held(url);
      if (!(await passWall(url, jar))) return false;
      // Cookies of a log-in or of a plugin are not for the transfer: they would tie its requests to a session of the site.
      for (const cookie of await held(url)) if (!before.has(cookie)) given.add(cookie.replace(/=.*/s, ''));
      return true;
    },
    cookies: async (url) => {
      const cookies = (await jar.getCookies(url.href)).filter(({ key }) => given.has(key));
      return cookies.length === 0 ? undefined : cookies.map((cookie) => cookie.cookieString()).join('; ');
    },
  };
}

async function follow(start: URL, get: (url: URL) => Promise<Page>): Promise<Page> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const page = await get(url);
    const next = redirectOf(page);
    if (!next) return page;
    if (!staysAtHome(next, start)) {
      throw new WpcloneError('REDIRECTED_ELSEWHERE', `${start.host} sends visitors elsewhere, to ${next.origin}.`, {
        details: { target: next.origin, path: next.pathname },
      });
    }
    url = next;
  }
  throw new WpcloneError('SOURCE_FAILED', `${start.host} redirects in a circle.`, { details: { circle: true } });
}

/** Where an answer leads, if it is a redirect to somewhere. */
export function redirectOf(page: Page): URL | undefined {
  if (page.status < 300 || page.status > 399) return undefined;
  return resolveUrl(page.headers['location'], page.url);
}

const endless = (url: URL): WpcloneError =>
  new WpcloneError('UNREACHABLE', `${url.host} cannot be reached: it does not come to the end of its answer.`, {
    details: { host: url.host },
    retryable: true,
  });

/** Waits as long as the site asks for, or ever longer, when it limits requests: never around the limit. Throws RATE_LIMITED. */
async function retryWhenLimited(work: Work, send: () => Promise<Page>): Promise<Page> {
  let waited = 0;
  for (let wait = 1; ; wait *= 2) {
    const page = await send();
    if (!limitsRequests(page) || (work.impatient && page.status === 503)) return page;
    const asked = Number(page.headers['retry-after'] ?? '');
    // Never shorter than a second: a wait of next to nothing would be asked for again without end.
    const seconds = asked > 0 ? Math.max(1, asked) : wait;
    if (waited + seconds > RETRY_TIMEOUT) {
      throw new WpcloneError('RATE_LIMITED', `${page.url.host} limits requests (HTTP ${page.status}).`, {
        retryable: true,
        ...(asked > 0 ? { retryAfter: asked } : {}),
      });
    }
    work.retry?.(`${page.url.host} limits requests (${page.status})`, seconds);
    await work.sleep(seconds * 1000, work.signal);
    waited += seconds;
  }
}
