import type { WorkContext } from '../../shared/context.ts';
import type { JobStore } from './store.ts';

/** Tells those who wait in this process that something was written. Hearing it late or twice does no harm: the store is the truth. */
export interface Bell {
  readonly ring: () => void;
  /** Resolves when it rings, after so many milliseconds, or when the signal aborts. */
  readonly next: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export function createBell({ sleep }: Pick<WorkContext, 'sleep'>): Bell {
  let rung = Promise.withResolvers<void>();
  return {
    ring: () => {
      const { resolve } = rung;
      rung = Promise.withResolvers<void>();
      resolve();
    },
    async next(milliseconds, signal) {
      const done = new AbortController();
      const end = AbortSignal.any([signal, done.signal]);
      await Promise.race([rung.promise, sleep(milliseconds, end).catch(() => undefined)]);
      done.abort();
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
