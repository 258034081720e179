import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { abortable } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { SourceAccess } from './access.ts';
import { classifyAnswer, classifyRefusal, refusalOf } from './answers.ts';
import { NotAStream, readFrames, type Frame } from './frames.ts';
import { networkFailure, readText } from './http.ts';
import { signatureHeaders } from './signing.ts';
import { refusingTrickle } from './trickle.ts';

export interface TransportDeps extends Pick<WorkContext, 'now' | 'randomBytes'> {
  readonly dispatcher: Dispatcher;
}

/** An answer while it comes in. */
export interface Exchange {
  readonly frames: AsyncIterable<Frame>;
  /** Bytes of the answer that have come so far. */
  readonly received: () => number;
}

/** Sends one signed request. Its clock and address are corrected once by what the site says about them. */
export interface Transport {
  readonly host: string;
  send(question: object, signal: AbortSignal): Promise<Exchange>;
}

const PAGE_BYTES = 64 << 10;

/** Sends over `deps.dispatcher`, which the caller closes. */
export function createTransport(access: SourceAccess, deps: TransportDeps): Transport {
  let endpoint = new URL(access.endpoint);
  let clockOffset = 0;
  let corrected = false;

  const post = async (body: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const target = endpoint.pathname + endpoint.search;
    const time = Math.floor(deps.now() / 1000) + clockOffset;
    const nonce = deps.randomBytes(16).toString('hex');
    const signed = signatureHeaders({ method: 'POST', target, time, nonce, body }, access.keyId, access.secret);
    const asked = request(endpoint, {
      method: 'POST',
      body,
      signal,
      dispatcher: deps.dispatcher,
      headers: {
        'content-type': 'application/json',
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'wpclone',
        ...signed,
      },
    });
    // While it is still being connected, undici does not hear the signal.
    return abortable(asked, signal);
  };

  const follow = (response: Dispatcher.ResponseData): void => {
    endpoint = redirected(endpoint, response.headers['location']);
  };

  const send = async (question: object, signal: AbortSignal): Promise<Exchange> => {
    const body = JSON.stringify(question);
    for (let redirects = 0; ; redirects += 1) {
      const response = await post(body, signal).catch((error: unknown) => {
        throw networkFailure(error, endpoint);
      });
      if (response.statusCode >= 300 && response.statusCode < 400 && redirects < 3) {
        await readPage(response, endpoint, deps.now);
        follow(response);
        continue;
      }
      // Our own header is missing when something was sent before the plugin could send headers.
      if (response.statusCode === 200) return openStream(response, endpoint, deps.now, signal);
      const late = await refuse(response, endpoint, deps.now);
      if (corrected) throw skewed(late - Math.floor(deps.now() / 1000));
      corrected = true;
      clockOffset = late - Math.floor(deps.now() / 1000);
    }
  };
  return { host: endpoint.host, send };
}

function openStream(
  response: Dispatcher.ResponseData,
  endpoint: URL,
  now: () => number,
  signal: AbortSignal,
): Exchange {
  let bytes = 0;
  // Destroying a body that nobody reads any more emits an error that nobody is interested in.
  response.body.on('error', () => undefined);
  const chunks = (): AsyncIterable<Buffer> =>
    refusingTrickle(response.body.iterator({ destroyOnReturn: false }), now, endpoint.host, (received) => {
      bytes += received;
    });
  async function* frames(): AsyncGenerator<Frame> {
    let whole = false;
    try {
      for await (const frame of readFrames(chunks())) {
        whole = frame.type === 'Z';
        yield frame;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NotAStream)) throw interrupted(error, endpoint);
      throw otherAnswer(response, endpoint, error.text, now());
    } finally {
      // What may follow the last frame is read away, so that the connection can be used again.
      if (whole) void response.body.dump({ limit: PAGE_BYTES }).catch(() => undefined);
      else response.body.destroy();
    }
  }
  return { frames: frames(), received: () => bytes };
}

/** Whatever ends an answer in its middle is a reason to go on from there. */
function interrupted(error: unknown, endpoint: URL): unknown {
  const known = networkFailure(error, endpoint);
  if (known instanceof WpcloneError) return known;
  return new WpcloneError('SOURCE_FAILED', 'An answer of the site was cut off.', { cause: error, retryable: true });
}

/** Throws what an answer that is no stream means; returns the site's time when only the clock is wrong. */
async function refuse(response: Dispatcher.ResponseData, endpoint: URL, now: () => number): Promise<number> {
  const text = await readPage(response, endpoint, now);
  const refusal = refusalOf(text);
  if (refusal?.error === 'late' && refusal.time !== undefined) return refusal.time;
  throw otherAnswer(response, endpoint, text, now());
}

/** What is no stream is short; but it may come slowly. */
async function readPage({ body }: Dispatcher.ResponseData, endpoint: URL, now: () => number): Promise<string> {
  const watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> => refusingTrickle(chunks, now, endpoint.host);
  return readText(body, PAGE_BYTES, watch).catch((error: unknown) => {
    throw networkFailure(error, endpoint);
  });
}

function otherAnswer(response: Dispatcher.ResponseData, endpoint: URL, text: string, now: number): WpcloneError {
  const refusal = refusalOf(text);
  if (refusal) return classifyRefusal(refusal, endpoint.host, undefined);
  const { statusCode: status, headers } = response;
  return classifyAnswer({ host: endpoint.host, status, headers, text, now });
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
