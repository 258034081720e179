import { CookieJar } from 'tough-cookie';
import { type Agent, FormData, request } from 'undici';
import { abortable, within } from '../../shared/abortable.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { ReportingContext } from '../../shared/context.ts';
import { networkFailure, openAgent, readText, resolveUrl, staysAtHome } from '../http.ts';
import { limitsRequests } from '../signs.ts';
import { unpacked } from '../unpacked.ts';
import type { Page } from './page.ts';

const PAGE_BYTES = 8 * 1024 * 1024;
const MAX_REDIRECTS = 10;
/** Milliseconds for a whole page: one that comes by single bytes is never silent for long enough to be given up. */
const PAGE_TIME = 120_000;
/** Seconds that a rate limit is waited for in all before giving up. */
const PATIENCE = 90;
const USER_AGENT = 'Mozilla/5.0 (compatible; wpclone)';

export interface SessionOptions {
  readonly insecureTls: boolean;
  readonly userAgent?: string;
}

export interface SessionChanges {
  /** The name that a browser logged in under. */
  readonly userAgent?: string;
  readonly signal?: AbortSignal;
  /** Lets a request that is under way come to its end: the signal only ends the waits between requests. */
  readonly steady?: boolean;
  /** Hands out a 503 as it is, without waiting for what may be a limit. */
  readonly impatient?: boolean;
}

/** A browser without a window: cookies, redirects within one site and never away from https, patience with rate limits. */
export interface Session {
  readonly jar: CookieJar;
  get(url: URL): Promise<Page>;
  /** Redirects are not followed: the `location` header tells where the answer leads. */
  getOnce(url: URL): Promise<Page>;
  /** Sends a form; its answer's redirects are not followed. */
  post(url: URL, fields: Readonly<Record<string, string>> | FormData): Promise<Page>;
  /** The same cookies and connections, with something changed. */
  with(changes: SessionChanges): Session;
  close(): Promise<void>;
}

type Work = Pick<ReportingContext, 'signal' | 'sleep' | 'retry'> & Pick<SessionChanges, 'steady' | 'impatient'>;

/** Opens connections of its own: close it when done. */
export function openSession(options: SessionOptions, work: Work): Session {
  const agent = openAgent(options.insecureTls);
  return sessionOver(agent, new CookieJar(), options.userAgent ?? USER_AGENT, work);
}

function sessionOver(agent: Agent, jar: CookieJar, userAgent: string, work: Work): Session {
  const once = (method: 'GET' | 'POST', url: URL, body?: string | FormData): Promise<Page> =>
    patiently(work, () =>
      within(PAGE_TIME, work, endless(url), (limit) =>
        exchange(
          { agent, jar, userAgent, signal: work.steady ? limit : AbortSignal.any([work.signal, limit]) },
          method,
          url,
          body,
        ),
      ),
    );
  return {
    jar,
    get: (url) => follow(url, (each) => once('GET', each)),
    getOnce: (url) => once('GET', url),
    post: (url, fields) =>
      once('POST', url, fields instanceof FormData ? fields : new URLSearchParams(fields).toString()),
    with: (changes) => sessionOver(agent, jar, changes.userAgent ?? userAgent, { ...work, ...changes }),
    close: () => agent.destroy(),
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
  throw new WpcloneError('SOURCE_FAILED', `${start.host} redirects in a circle.`);
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

interface Wire {
  readonly agent: Agent;
  readonly jar: CookieJar;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

async function exchange(wire: Wire, method: 'GET' | 'POST', url: URL, body?: string | FormData): Promise<Page> {
  try {
    const cookie = await wire.jar.getCookieString(url.href);
    const asked = request(url, {
      dispatcher: wire.agent,
      method,
      signal: wire.signal,
      headers: {
        'user-agent': wire.userAgent,
        // No JSON in here: WordPress would leave parts of its pages out (wp_is_json_request).
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        ...(cookie === '' ? {} : { cookie }),
        ...(typeof body === 'string' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(method === 'POST' ? { origin: url.origin, referer: url.href } : {}),
      },
      body: body ?? null,
    });
    // While it is still being connected, undici does not hear the signal.
    const answer = await abortable(asked, wire.signal);
    const cookies = answer.headers['set-cookie'] ?? [];
    for (const each of typeof cookies === 'string' ? [cookies] : cookies) {
      await wire.jar.setCookie(each, url.href, { ignoreError: true });
    }
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
    const watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
      unpacked(chunks, answer.headers['content-encoding']);
    const text = await readText(answer.body, PAGE_BYTES, watch);
    return { url, status: answer.statusCode, headers: Object.fromEntries(headers), text };
  } catch (error) {
    throw networkFailure(error, url);
  }
}

/** Waits as long as the site asks for, or ever longer, when it limits requests: never around the limit. Throws RATE_LIMITED. */
async function patiently(work: Work, send: () => Promise<Page>): Promise<Page> {
  let waited = 0;
  for (let wait = 1; ; wait *= 2) {
    const page = await send();
    if (!limitsRequests(page) || (work.impatient && page.status === 503)) return page;
    const asked = Number(page.headers['retry-after'] ?? '');
    const seconds = asked > 0 ? asked : wait;
    if (waited + seconds > PATIENCE) {
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
