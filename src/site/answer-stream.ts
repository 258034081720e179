import type { Dispatcher } from 'undici';
import { WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import { classifyAnswer, classifyRefusal, refusalOf } from './answers.ts';
import { NotAStream, readFrames, type Frame } from './frames.ts';
import { networkFailure, readText } from './http.ts';
import { fromLetters } from './letters.ts';
import { refusingTrickle } from './trickle.ts';
import { unpacked } from './unpacked.ts';

/** An answer while it comes in. */
export interface Exchange {
  readonly frames: AsyncIterable<Frame>;
  /** Bytes of the answer that have come so far. */
  readonly received: () => number;
}

const PAGE_BYTES = 64 << 10;

/** The frames of an answer, which are read only as far as somebody asks. */
export function openStream(
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
      for await (const frame of readFrames(fromLetters(unpacked(chunks(), response.headers['content-encoding'])))) {
        whole = frame.type === 'Z';
        yield frame;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NotAStream)) throw interrupted(error, endpoint, response);
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
function interrupted(error: unknown, endpoint: URL, response: Dispatcher.ResponseData): unknown {
  const known = networkFailure(error, endpoint);
  if (!(known instanceof WpcloneError)) {
    return new WpcloneError('SOURCE_FAILED', 'An answer of the site was cut off.', { cause: error, retryable: true });
  }
  const buffers = [response.headers['x-wpclone-buffers'] ?? []].flat().join(', ');
  if (known.code !== 'SOURCE_FAILED' || buffers === '') return known;
  const whose = `A plugin of the site rewrites all it sends (output buffer ${printable(buffers).slice(0, 200)}).`;
  const { message, details, retryable } = known;
  return new WpcloneError('SOURCE_FAILED', `${message} ${whose}`, { details, retryable, cause: known });
}

/** What is no stream is short; but it may come slowly. */
export async function readPage(
  { body, headers }: Dispatcher.ResponseData,
  endpoint: URL,
  now: () => number,
): Promise<string> {
  const watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
    unpacked(refusingTrickle(chunks, now, endpoint.host), headers['content-encoding']);
  return readText(body, PAGE_BYTES, watch).catch((error: unknown) => {
    throw networkFailure(error, endpoint);
  });
}

/** What an answer means that is not a stream. */
export function otherAnswer(response: Dispatcher.ResponseData, endpoint: URL, text: string, now: number): WpcloneError {
  const refusal = refusalOf(text);
  if (refusal) return classifyRefusal(refusal, endpoint.host, undefined);
  const { statusCode: status, headers } = response;
  return classifyAnswer({ host: endpoint.host, status, headers, text, now });
}
