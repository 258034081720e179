import { type Dispatcher, request } from 'undici';
import { abortable, withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { headersFor, type SourceAccess } from '../access.ts';
import { readText } from '../http.ts';
import { isFromWordPress } from '../signs.ts';

/** Milliseconds for one page. */
const LIMIT = 15_000;
/** Enough of a page to tell who made it. */
const PAGE_BYTES = 128 << 10;

/** What somebody without a log-in gets, as far as it tells who answered. */
export interface Visit {
  readonly status: number;
  readonly isWordPress: boolean;
}

/**
 * Asks for the front page as anybody may; `word` keeps caches out of it. Follows nothing. Undefined when no answer came. Rejects only when
 * cancelled.
 */
export async function visitFront(
  access: SourceAccess,
  dispatcher: Dispatcher,
  word: string,
  work: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<Visit | undefined> {
  const late = new Error('It takes too long.');
  try {
    return await withTimeout(LIMIT, work, late, async (limit) => {
      const signal = AbortSignal.any([work.signal, limit]);
      const headers = { ...headersFor(access), accept: 'text/html,*/*;q=0.8' };
      const url = `${access.url}/?wpclone-visit=${word}`;
      const { statusCode: status, ...answer } = await abortable(request(url, { dispatcher, signal, headers }), signal);
      // Destroying a body that is too long emits an error that nobody is interested in.
      answer.body.on('error', () => undefined);
      const text = await readText(answer.body, PAGE_BYTES);
      return { status, isWordPress: isFromWordPress({ status, headers: answer.headers, text }) };
    });
  } catch {
    work.signal.throwIfAborted();
    return undefined;
  }
}
