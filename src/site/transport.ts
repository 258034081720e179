import type { Dispatcher } from 'undici';
import { abortable } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { createPool } from '../shared/reusing.ts';
import { headersFor, type SourceAccess } from './access.ts';
import { openStream, otherAnswer, readPage, type Exchange } from './answer-stream.ts';
import { refusalOf } from './answers.ts';
import { networkFailure } from './http.ts';
import { ask, type Answer } from './lent/ask.ts';
import { isFromCache } from './signs.ts';
import { packContent, signedBody, type SignedRequest } from './signing.ts';

export interface TransportDeps extends Pick<WorkContext, 'now' | 'randomBytes'> {
  readonly dispatcher: Dispatcher;
}

/** Sends one signed request. Its clock and address are corrected once by what the site says about them. */
export interface Transport {
  readonly host: string;
  send(question: object, signal: AbortSignal): Promise<Exchange>;
}

/** The body of a request, signed by whoever sends it. */
export type Sign = (request: SignedRequest) => string;

/** Sends over `deps.dispatcher`, which the caller closes. Signs with the key of `access` unless it is given another signature. */
export function createTransport(
  access: SourceAccess,
  deps: TransportDeps,
  sign: Sign = (asked) => signedBody(asked, access.keyId, access.secret),
): Transport {
  let endpoint = new URL(access.endpoint);
  let clockOffset = 0;
  let corrected = false;
  let inflates = true;
  /** What is asked has an address of its own each time, which no cache can know. */
  let fresh = false;
  const pool = createPool();

  const post = async (question: object, isFresh: boolean, signal: AbortSignal): Promise<Answer> => {
    const nonce = deps.randomBytes(16).toString('hex');
    const own = isFresh ? `${endpoint.search === '' ? '?' : '&'}wpclone-fresh=${nonce}` : '';
    const target = endpoint.pathname + endpoint.search + own;
    const time = Math.floor(deps.now() / 1000) + clockOffset;
    const content = packContent(question, inflates);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...headersFor(access),
    };
    const body = sign({ method: 'POST', target, time, nonce, content });
    const request = { origin: endpoint.origin, path: target, method: 'POST', headers, body } as const;
    // While it is still being connected, undici does not hear the signal.
    return abortable(ask({ dispatcher: deps.dispatcher, pool }, request, signal), signal);
  };

  const follow = (response: Answer): void => {
    endpoint = redirected(endpoint, response.headers['location']);
  };

  /** Takes from a refusal what is to be done otherwise; throws when that was done already, or when it is something else. */
  const learn = async (response: Answer): Promise<void> => {
    const text = await readPage(response, endpoint, deps.now);
    const refusal = refusalOf(text);
    if (refusal?.error === 'cannot_inflate' && inflates) {
      inflates = false;
      return;
    }
    if (refusal?.error !== 'late' || refusal.time === undefined) {
      throw otherAnswer(response, endpoint, text, deps.now());
    }
    const offset = refusal.time - Math.floor(deps.now() / 1000);
    if (corrected) throw skewed(offset);
    corrected = true;
    clockOffset = offset;
  };

  const send = async (question: object, signal: AbortSignal): Promise<Exchange> => {
    for (let redirects = 0; ; redirects += 1) {
      const isFresh = fresh;
      const response = await post(question, isFresh, signal).catch((error: unknown) => {
        throw networkFailure(error, endpoint);
      });
      if (response.statusCode >= 300 && response.statusCode < 400 && redirects < 3) {
        await readPage(response, endpoint, deps.now);
        follow(response);
        continue;
      }
      // Another request may have learnt it while this one was under way.
      if (!isFresh && isFromCache(response.headers)) {
        fresh = true;
        response.body.destroy();
        continue;
      }
      // Our own header is missing when something was sent before the plugin could send headers.
      if (response.statusCode === 200) return openStream(response, { endpoint, now: deps.now, pool }, signal);
      await learn(response);
    }
  };
  return { host: endpoint.host, send };
}

function skewed(seconds: number): WpcloneError {
  return new WpcloneError('CLOCK_SKEW', 'The site takes our requests for too old, or from the future.', {
    details: { seconds: Math.abs(seconds) },
  });
}

/** The signature covers path and query, not the host: only the same host is followed, and never from https to http. */
function redirected(from: URL, location: string | string[] | undefined): URL {
  const to = typeof location === 'string' ? URL.parse(location, from.href) : null;
  const same = to !== null && to.hostname === from.hostname && (to.port === from.port || from.protocol !== to.protocol);
  if (!same || (from.protocol === 'https:' && to.protocol !== 'https:')) {
    const target = to === null ? 'another address' : to.origin;
    throw new WpcloneError('REDIRECTED_ELSEWHERE', `${from.host} redirects to ${target}.`, { details: { target } });
  }
  to.hash = '';
  return to;
}
