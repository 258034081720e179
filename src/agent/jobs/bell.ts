import type { WorkContext } from '../../shared/context.ts';
import type { JobStore } from './store.ts';

/** Tells those who wait in this process that something was written. Hearing it late or twice does no harm: the store is the truth. */
export interface Bell {
  readonly ring: () => void;
  /** Calls the listener each time it rings. */
  readonly heard: (listener: () => void) => void;
  /** How often it has rung: what was read at the same number is as new as can be. */
  readonly rung: () => number;
  /** Resolves when it rings, after so many milliseconds, or when the signal aborts. */
  readonly next: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export function createBell({ sleep }: Pick<WorkContext, 'sleep'>): Bell {
  let waiting = Promise.withResolvers<void>();
  let rung = 0;
  const listeners: (() => void)[] = [];
  return {
    ring: () => {
      const { resolve } = waiting;
      waiting = Promise.withResolvers<void>();
      rung += 1;
      resolve();
      for (const listener of listeners) listener();
    },
    heard: (listener) => void listeners.push(listener),
    rung: () => rung,
    async next(milliseconds, signal) {
      if (signal.aborted) return;
      // By hand: a signal made of two others would stay with the one of a reader for as long as that one reads.
      const done = new AbortController();
      const stop = (): void => done.abort();
      signal.addEventListener('abort', stop, { once: true });
      await Promise.race([waiting.promise, sleep(milliseconds, done.signal).catch(() => undefined)]);
      signal.removeEventListener('abort', stop);
      stop();
    },
  };
}

/** The same store, which rings after each write that readers of jobs and events may wait for. */
export function ringing(store: JobStore, bell: Bell): JobStore {
  const ring = async <T>(write: Promise<T>): Promise<T> => {
    const result = await write;
    bell.ring();
    return result;
  };
  return {
    ...store,
    enqueue: (job, options) => ring(store.enqueue(job, options)),
    claim: (owner, limits) => ring(store.claim(owner, limits)),
    append: (attempt, event, progress) => ring(store.append(attempt, event, progress)),
    complete: (attempt, result, secrets) => ring(store.complete(attempt, result, secrets)),
    fail: (attempt, error) => ring(store.fail(attempt, error)),
    retryAt: (attempt, error, notBefore) => ring(store.retryAt(attempt, error, notBefore)),
    release: (attempt) => ring(store.release(attempt)),
    cancel: (id) => ring(store.cancel(id)),
    reap: (isAlive) => ring(store.reap(isAlive)),
  };
}
