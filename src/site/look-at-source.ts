import { request } from 'undici';
import { abortable, withTimeout } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import { headersFor, type SourceAccess } from './access.ts';
import { createCookies } from './cookies.ts';
import { networkFailure, openAgent, readText } from './http.ts';
import { sameHost, staysAtHome } from './own-urls.ts';
import type { SiteInfo } from './info.ts';
import { unpacked } from './unpacked.ts';
import { type Answer, lookAt, PAGE_BYTES, type SeenPages, type Sight, type SourceLooks } from './looks.ts';

/** Milliseconds for one page with its redirects; a clone waits no longer for something to be compared with. */
const LOOK_LIMIT = 15_000;

/**
 * Looks at the source's front page and log-in page as a visitor does, so that its copy can be compared with it. A page that
 * cannot be looked at is told of in the result: it is no failure. What was `seen` already is not asked for again. Rejects only when cancelled.
 */
export async function lookAtSource(
  access: SourceAccess,
  info: Pick<SiteInfo, 'home' | 'siteurl'>,
  work: Pick<WorkContext, 'signal' | 'sleep'>,
  seen: SeenPages = new Map(),
): Promise<SourceLooks> {
  // Not info.home: a front end on another host is not what was copied.
  const pages = [new URL(`${access.url}/`), new URL(`${info.siteurl}/wp-login.php`)];
  const missing = pages.filter(({ href }) => !seen.has(href));
  const asked = missing.length === 0 ? [] : await lookAtPages(access, info, missing, work);
  const [front = UNSEEN, login = UNSEEN] = pages.map((page) => seen.get(page.href) ?? asked[missing.indexOf(page)]);
  return { front, login };
}

const UNSEEN: Sight = { failed: 'it was not looked at' };

/** The same for any pages of the site. */
export async function lookAtPages(
  access: SourceAccess,
  info: Pick<SiteInfo, 'home' | 'siteurl'>,
  pages: readonly URL[],
  work: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<readonly Sight[]> {
  const agent = openAgent(access.insecureTls, access.reach);
  const home = new URL(`${access.url}/`);
  // The clone has one address for what the source may have on two ports of its host.
  const parts = [new URL(info.home), new URL(info.siteurl)].filter((part) => sameHost(part, home));
  const look = async (start: URL): Promise<Sight> => {
    const cookies = createCookies();
    const late = new Error(`${start.host} did not answer within ${LOOK_LIMIT / 1000} s`);
    try {
      return await withTimeout(LOOK_LIMIT, work, late, async (limit) => {
        const signal = AbortSignal.any([work.signal, limit]);
        const ask = async (url: URL): Promise<Answer> => {
          // Cookies and passwords are for the site itself.
          const own = staysAtHome(url, home) ? headersFor(access) : headersFor({ userAgent: access.userAgent });
          const cookie = [own['cookie'], cookies.header()].filter(Boolean).join('; ');
          const headers = { ...own, accept: 'text/html,*/*;q=0.8', ...(cookie === '' ? {} : { cookie }) };
          const answer = await abortable(request(url, { dispatcher: agent, signal, headers }), signal);
          // Destroying a body that is too long emits an error that nobody is interested in.
          answer.body.on('error', () => undefined);
          cookies.keep(answer.headers['set-cookie']);
          const body = await readText(answer.body, PAGE_BYTES, (chunks) =>
            unpacked(chunks, answer.headers['content-encoding']),
          );
          const partial = Buffer.byteLength(body) >= PAGE_BYTES;
          return { status: answer.statusCode, headers: answer.headers, body, partial };
        };
        return (await lookAt(start, ask, parts)).look;
      });
    } catch (error) {
      work.signal.throwIfAborted();
      return {
        failed: printable(toWpcloneError(networkFailure(error, start)).message)
          .slice(0, 300)
          .replace(/\.$/, ''),
        ...(error === late ? { slow: true as const } : {}),
      };
    }
  };
  try {
    return await Promise.all(pages.map(look));
  } finally {
    await agent.destroy();
  }
}
