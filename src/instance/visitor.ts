import { Pool } from 'undici';
import { within } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';

export interface Page {
  /** The address that was asked for. */
  readonly url: string;
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** Asks the clone for pages, as one visitor with cookies. URLs are the clone's public ones. */
export interface Visitor {
  get(url: string): Promise<Page>;
  post(url: string, fields: Readonly<Record<string, string>>): Promise<Page>;
  close(): Promise<void>;
}

/** Milliseconds without a word. Generous, because the first request to a clone compiles all of WordPress. */
const SILENCE_LIMIT = 60_000;
/** Milliseconds for a whole page: one that goes on and on is never silent. */
const PAGE_LIMIT = 120_000;
const LARGEST_PAGE = 32 * 2 ** 20;

/**
 * An HTTP client that behaves like a browser: it keeps cookies, but follows no redirects. It always asks the instance's own web
 * server at `base`, whatever the clone's public address is.
 */
export function createVisitor(base: string, cloneUrl: string, work: Pick<WorkContext, 'sleep' | 'signal'>): Visitor {
  const pool = new Pool(base, { connections: 2, headersTimeout: SILENCE_LIMIT, bodyTimeout: SILENCE_LIMIT });
  // Without this cookie WordPress takes the browser for one that refuses cookies, and refuses the log-in.
  const cookies = new Map([['wordpress_test_cookie', 'WP%20Cookie%20check']]);
  const { host, protocol } = new URL(cloneUrl);

  const ask = async (signal: AbortSignal, method: 'GET' | 'POST', url: string, body?: string): Promise<Page> => {
    const { pathname, search } = new URL(url);
    const answer = await pool.request({
      method,
      path: pathname + search,
      signal,
      body: body ?? null,
      headers: {
        host,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-forwarded-proto': protocol.slice(0, -1),
        // Tells the must-use plugin to keep even wordpress.org out of this page: its answer may take seconds.
        'x-wpclone-verify': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    });
    keepCookies(cookies, answer.headers['set-cookie']);
    const { location } = answer.headers;
    return {
      url,
      status: answer.statusCode,
      location: typeof location === 'string' ? location : undefined,
      body: await readText(answer.body),
    };
  };
  const visit = (method: 'GET' | 'POST', url: string, body?: string): Promise<Page> => {
    const late = new Error(`${new URL(url).pathname} does not come to its end`);
    return within(PAGE_LIMIT, work, late, (limit) => ask(AbortSignal.any([work.signal, limit]), method, url, body));
  };
  return {
    get: (url) => visit('GET', url),
    post: (url, fields) => visit('POST', url, new URLSearchParams(fields).toString()),
    close: () => pool.destroy(),
  };
}

function keepCookies(cookies: Map<string, string>, header: string | string[] | undefined): void {
  for (const line of [header ?? []].flat()) {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST_PAGE) throw new Error(`the page is larger than ${LARGEST_PAGE} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
