import { Pool } from 'undici';
import { withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { USER_AGENT } from '../../site/access.ts';
import { createCookies } from '../../site/cookies.ts';
import { MOST_HEADER_BYTES } from '../../site/http.ts';
import type { Answer } from '../../site/looks.ts';

/** Asks the clone for pages, as one visitor with cookies. URLs are the clone's public ones. */
export interface Visitor {
  get(url: URL): Promise<Answer>;
  post(url: URL, fields: Readonly<Record<string, string>>): Promise<Answer>;
  /** Whether WordPress takes this visitor for somebody it knows. */
  isLoggedIn(): boolean;
}

/** As many visitors of one clone as are wanted, none of whom knows of the others. */
export interface Visitors {
  newcomer(): Visitor;
  close(): Promise<void>;
}

/** Milliseconds without a word. Generous, because the first request to a clone compiles all of WordPress. */
const SILENCE_LIMIT = 60_000;
/** Milliseconds for a whole page: one that goes on and on is never silent. */
const PAGE_LIMIT = 120_000;
const LARGEST_PAGE = 32 * 2 ** 20;

/**
 * Each visitor behaves like a browser: it keeps cookies, but follows no redirects. It always asks the instance's own web server at
 * `base`, whatever the clone's public address is.
 */
export function openVisitors(base: string, cloneUrl: string, work: Pick<WorkContext, 'sleep' | 'signal'>): Visitors {
  const pool = new Pool(base, {
    connections: 3,
    headersTimeout: SILENCE_LIMIT,
    bodyTimeout: SILENCE_LIMIT,
    maxHeaderSize: MOST_HEADER_BYTES,
  });
  return { newcomer: () => visitor(pool, new URL(cloneUrl), work), close: () => pool.destroy() };
}

function visitor(pool: Pool, { host, protocol }: URL, work: Pick<WorkContext, 'sleep' | 'signal'>): Visitor {
  // Without this cookie WordPress takes the browser for one that refuses cookies, and refuses the log-in.
  const cookies = createCookies({ wordpress_test_cookie: 'WP%20Cookie%20check' });

  const ask = async (signal: AbortSignal, method: 'GET' | 'POST', url: URL, body?: string): Promise<Answer> => {
    const answer = await pool.request({
      method,
      path: url.pathname + url.search,
      signal,
      body: body ?? null,
      headers: {
        host,
        accept: 'text/html,*/*;q=0.8',
        'user-agent': USER_AGENT,
        cookie: cookies.header(),
        'x-forwarded-proto': protocol.slice(0, -1),
        // Tells the must-use plugin to keep even wordpress.org out of this page: its answer may take seconds.
        'x-wpclone-verify': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    });
    cookies.keep(answer.headers['set-cookie']);
    return { status: answer.statusCode, headers: answer.headers, ...(await readPage(answer.body)) };
  };
  const visit = (method: 'GET' | 'POST', url: URL, body?: string): Promise<Answer> => {
    const late = new Error(`${url.pathname} does not come to its end`);
    return withTimeout(PAGE_LIMIT, work, late, (limit) =>
      ask(AbortSignal.any([work.signal, limit]), method, url, body),
    );
  };
  return {
    get: (url) => visit('GET', url),
    post: (url, fields) => visit('POST', url, new URLSearchParams(fields).toString()),
    isLoggedIn: () => cookies.some(isLogin),
  };
}

/**
 * Whether WordPress keeps a log-in in it (wp_generate_auth_cookie): by its name or, where the site gives its cookies names of its own, by what it
 * is made of: name, end, token and digest.
 */
const isLogin = (name: string, value: string): boolean =>
  name.startsWith('wordpress_logged_in_') || /(?:\||%7C)\d{9,11}(?:\||%7C)\w{43}(?:\||%7C)[0-9a-f]{64}$/i.test(value);

/** The page, or the beginning of one that is too large: its site may have such a page too. */
async function readPage(body: AsyncIterable<Buffer>): Promise<Pick<Answer, 'body' | 'partial'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > LARGEST_PAGE) break;
  }
  return { body: Buffer.concat(chunks).toString('utf8'), partial: size > LARGEST_PAGE };
}
