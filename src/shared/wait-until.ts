import type { WorkContext } from './context.ts';

export interface Waiting {
  /** Milliseconds between two questions. */
  readonly every: number;
  /** Milliseconds after which it is given up. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Polls: asks again until the answer is something, and returns it; undefined when there was still nothing at the time-out.
 * It is asked at least once. What `ask` throws, and the signal's reason, ends it.
 */
export async function waitUntil<T>(
  ask: () => T | false | undefined | Promise<T | false | undefined>,
  { every, limit, signal }: Waiting,
  { now, sleep }: Pick<WorkContext, 'now' | 'sleep'>,
): Promise<T | undefined> {
  const end = now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (now() >= end) return undefined;
    await sleep(every, signal);
  }
}
