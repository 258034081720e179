import type { WorkContext } from '../../shared/context.ts';
import type { JobStore } from './store.ts';

/** Tells those who wait in this process that something was written. Hearing it late or twice does no harm: the store is the truth. */
export interface Bell {
  /** `job`: what was written is of this one. */
  readonly ring: (job?: string) => void;
  /** Calls the listener each time it rings. */
  readonly heard: (listener: () => void) => void;
  /** How often it has rung: what was read at the same number is as new as can be. */
  readonly rung: () => number;
  /** Resolves when it rings (for `job`, when it is given), after so many milliseconds, or when the signal aborts. */
  readonly next: (milliseconds: number, signal: AbortSignal, job?: string) => Promise<void>;
}

export function createBell({ sleep }: Pick<WorkContext, 'sleep'>): Bell {
  let rung = 0;
  const waiting = new Set<{ readonly job: string | undefined; readonly wake: () => void }>();
  const listeners: (() => void)[] = [];
  return {
    ring: (job) => {
      rung += 1;
      for (const one of waiting) if (job === undefined || one.job === undefined || one.job === job) one.wake();
      for (const listener of listeners) listener();
    },
    heard: (listener) => void listeners.push(listener),
    rung: () => rung,
    async next(milliseconds, signal, job) {
      if (signal.aborted) return;
      // By hand: a signal made of two others would stay with the one of a reader for as long as that one reads.
      const done = new AbortController();
      const stop = (): void => done.abort();
      const one = { job, wake: stop };
      waiting.add(one);
      signal.addEventListener('abort', stop, { once: true });
      await sleep(milliseconds, done.signal).catch(() => undefined);
      signal.removeEventListener('abort', stop);
      waiting.delete(one);
    },
  };
}

/** The same store, which rings after each write that readers of jobs and events may wait for. */
export function ringing(store: JobStore, bell: Bell): JobStore {
  const ring = async <T>(write: Promise<T>, jobOf: (written: T) => string | undefined): Promise<T> => {
    const result = await write;
    bell.ring(jobOf(result));
    return result;
  };
  const idOf = ({ id }: { readonly id: string }): string => id;
  return {
    ...store,
    enqueue: (job, options) => ring(store.enqueue(job, options), ({ job: taken }) => taken.id),
    // Where there was nothing to claim, some that cannot be begun may have ended.
    claim: (owner, limits) => ring(store.claim(owner, limits), (claimed) => claimed?.job.id),
    append: (attempt, event, progress) => ring(store.append(attempt, event, progress), () => attempt.id),
    complete: (attempt, result, secrets) => ring(store.complete(attempt, result, secrets), idOf),
    fail: (attempt, error) => ring(store.fail(attempt, error), idOf),
    retryAt: (attempt, error, notBefore) => ring(store.retryAt(attempt, error, notBefore), idOf),
    release: (attempt) => ring(store.release(attempt), idOf),
    cancel: (id) => ring(store.cancel(id), idOf),
    async reap(isAlive) {
      const jobs = await store.reap(isAlive);
      for (const { id } of jobs) bell.ring(id);
      return jobs;
    },
  };
}
