import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Pool } from '../../shared/reusing.ts';
import { createBody, type BodyEnd, type LentBody } from './body.ts';

/** An answer whose body is still coming. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: LentBody;
}

/** What asks, and where the memory for answers comes from. */
export interface Asking {
  readonly dispatcher: Dispatcher;
  readonly pool: Pool;
}

/**
 * Sends a request; resolves when the head of the answer is there. Unlike undici's own `request` it copies what comes at once, into
 * memory that is used again. Rejects, and ends the body, with undici's errors and the signal's reason.
 */
export function ask(
  { dispatcher, pool }: Asking,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = Promise.withResolvers<Answer>();
  let controller: Dispatcher.DispatchController | undefined;
  let end: BodyEnd | undefined;
  const stop = (): void => controller?.abort(reasonOf(signal));
  const over = (error?: Error): void => {
    signal.removeEventListener('abort', stop);
    if (error !== undefined) answer.reject(error);
    end?.end(error);
  };
  signal.addEventListener('abort', stop, { once: true });
  dispatcher.dispatch(options, {
    onRequestStart: (given) => {
      controller = given;
      if (signal.aborted) stop();
    },
    onResponseStart: (given, statusCode, headers) => {
      if (statusCode < 200) return;
      const connection = { resume: () => given.resume(), abort: () => given.abort(new Error('Nobody reads on.')) };
      end = createBody(connection, pool);
      answer.resolve({ statusCode, headers, body: end.body });
    },
    onResponseData: (given, chunk) => {
      if (end?.put(chunk) === false) given.pause();
    },
    onResponseEnd: () => over(),
    onResponseError: (_, error) => over(error),
  });
  return answer.promise;
}

const reasonOf = ({ reason }: AbortSignal): Error => (reason instanceof Error ? reason : new Error(String(reason)));
