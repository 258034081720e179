import type { CookieJar } from 'tough-cookie';
import { type Agent, type FormData, request } from 'undici';
import { abortable } from '../../../shared/abortable.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { basicAuthorization, type HttpAuth, USER_AGENT } from '../../access.ts';
import { networkFailure, readText } from '../../http.ts';
import { unpacked } from '../../unpacked.ts';
import type { Page } from './page.ts';

const PAGE_BYTES = 8 * 1024 * 1024;

/** What all requests of a session share. */
export interface Wire {
  readonly agent: Agent;
  readonly jar: CookieJar;
  /** The web server's own password; only for origins that asked for it, which are noted here. */
  readonly httpAuth: HttpAuth | undefined;
  readonly asked: Set<string>;
}

export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body?: string | FormData | undefined;
}

/** Sends one request; a second time with the web server's password, when it asks for one. Throws HTTP_AUTH_REQUIRED when it is wrong. */
export async function exchange(wire: Wire, sent: Sent, signal: AbortSignal): Promise<Page> {
  const page = await sendOnce(wire, sent, signal);
  const asks = page.status === 401 && /^basic\b/i.test(page.headers['www-authenticate'] ?? '');
  if (!asks || !wire.httpAuth) return page;
  const { origin, host } = sent.url;
  if (wire.asked.has(origin)) {
    throw new WpcloneError(
      'HTTP_AUTH_REQUIRED',
      `The web server of ${host} refuses the name and password of --http-auth.`,
      {
        details: { host },
      },
    );
  }
  wire.asked.add(origin);
  return exchange(wire, sent, signal);
}

async function sendOnce(wire: Wire, { method, url, body }: Sent, signal: AbortSignal): Promise<Page> {
  try {
    const cookie = await wire.jar.getCookieString(url.href);
    const { httpAuth } = wire;
    const asked = request(url, {
      dispatcher: wire.agent,
      method,
      signal,
      headers: {
        'user-agent': USER_AGENT,
        // No JSON in here: WordPress would leave parts of its pages out (wp_is_json_request).
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        ...(cookie === '' ? {} : { cookie }),
        ...(httpAuth && wire.asked.has(url.origin) ? { authorization: basicAuthorization(httpAuth) } : {}),
        ...(typeof body === 'string' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(method === 'POST' ? { origin: url.origin, referer: url.href } : {}),
      },
      body: body ?? null,
    });
    // While it is still being connected, undici does not hear the signal.
    const answer = await abortable(asked, signal);
    const cookies = answer.headers['set-cookie'] ?? [];
    for (const each of typeof cookies === 'string' ? [cookies] : cookies) {
      await wire.jar.setCookie(each, url.href, { ignoreError: true });
    }
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
    const watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
      unpacked(chunks, answer.headers['content-encoding']);
    // Destroying a body that is too long emits an error that nobody is interested in.
    answer.body.on('error', () => undefined);
    const text = await readText(answer.body, PAGE_BYTES, watch);
    return { url, status: answer.statusCode, headers: Object.fromEntries(headers), text };
  } catch (error) {
    throw networkFailure(error, url);
  }
}
