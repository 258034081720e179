import { WpcloneError } from '../shared/errors.ts';

/** What must come at least in so many milliseconds of waiting; the smallest frame is larger. */
const LEAST_BYTES = 128;
const WINDOW = 90_000;

/**
 * The same chunks, but an answer that comes by single bytes is given up: it is never silent for long enough to be taken for dead.
 * Only waiting for the site counts, not the time that passes until the next chunk is asked for.
 */
export async function* refusingTrickle(
  chunks: AsyncIterable<Buffer>,
  now: () => number,
  host: string,
  count?: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let [waited, received] = [0, 0];
  let asked = now();
  for await (const chunk of chunks) {
    const wait = now() - asked;
    // A longer one would have timed out (http.ts): that is a clock that was set.
    if (wait > 0 && wait <= WINDOW) waited += wait;
    received += chunk.length;
    count?.(chunk.length);
    if (waited >= WINDOW) {
      if (received < LEAST_BYTES) throw trickling(host);
      [waited, received] = [0, 0];
    }
    yield chunk;
    asked = now();
  }
}

const trickling = (host: string): WpcloneError =>
  new WpcloneError('UNREACHABLE', `${host} cannot be reached: it sends next to nothing.`, {
    details: { host },
    retryable: true,
  });
