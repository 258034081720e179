import { WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import type { Pool } from '../shared/reusing.ts';
import { classifyAnswer, classifyRefusal, refusalOf } from './answers.ts';
import { NotAStream, readFrames, type Frame } from './frames.ts';
import { networkFailure, readText } from './http.ts';
import type { Answer } from './lent/ask.ts';
import { decodeBase64Stream } from './base64-stream.ts';
import { refusingTrickle } from './trickle.ts';
import { unpacked } from './unpacked.ts';

/** An answer while it comes in. */
export interface Exchange {
  readonly frames: AsyncIterable<Frame>;
  /** Bytes of the answer that have come so far. */
  readonly received: () => number;
}

const PAGE_BYTES = 64 << 10;

/** Who reads an answer. */
export interface Reader {
  readonly endpoint: URL;
  readonly now: () => number;
  readonly pool: Pool;
}

/** The frames of an answer, which are read only as far as somebody asks. */
export function openStream(response: Answer, { endpoint, now, pool }: Reader, signal: AbortSignal): Exchange {
  let bytes = 0;
  const chunks = (): AsyncIterable<Buffer> =>
    refusingTrickle(response.body, now, endpoint.host, (received) => {
      bytes += received;
    });
  const content = () => decodeBase64Stream(unpacked(chunks(), response.headers['content-encoding']));
  async function* frames(): AsyncGenerator<Frame> {
    let whole = false;
    try {
      for await (const frame of readFrames(content(), pool)) {
        whole = frame.type === 'Z';
        yield frame;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NotAStream)) throw interrupted(error, endpoint, response);
      throw otherAnswer(response, endpoint, error.text, now());
    } finally {
      // What may follow the last frame is read away, so that the connection can be used again.
      if (whole) response.body.drain(PAGE_BYTES);
      else response.body.destroy();
    }
  }
  return { frames: frames(), received: () => bytes };
}

/** Whatever ends an answer in its middle is a reason to go on from there. */
function interrupted(error: unknown, endpoint: URL, response: Answer): unknown {
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
export async function readPage({ body, headers }: Answer, endpoint: URL, now: () => number): Promise<string> {
  const watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
    unpacked(refusingTrickle(chunks, now, endpoint.host), headers['content-encoding']);
  try {
    return await readText(body, PAGE_BYTES, watch);
  } catch (error) {
    throw networkFailure(error, endpoint);
  } finally {
    // Where reading ended early nobody reads the rest, and each attempt would leave an open connection.
    body.destroy();
  }
}

/** What an answer means that is not a stream. */
export function otherAnswer(response: Answer, endpoint: URL, text: string, now: number): WpcloneError {
  const refusal = refusalOf(text);
  if (refusal) return classifyRefusal(refusal, endpoint.host, undefined);
  const { statusCode: status, headers } = response;
  return classifyAnswer({ host: endpoint.host, status, headers, text, now });
}
