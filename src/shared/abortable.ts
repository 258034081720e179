import type { WorkContext } from './context.ts';

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts; the work then goes on unheard. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Runs `work` with a timeout of so many milliseconds: then its signal aborts with `late`, which is thrown whether the work listens or not. */
export async function withTimeout<T>(
  milliseconds: number,
  { sleep }: Pick<WorkContext, 'sleep'>,
  late: Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [over, done] = [new AbortController(), new AbortController()];
  sleep(milliseconds, done.signal).then(
    () => over.abort(late),
    () => undefined,
  );
  try {
    return await abortable(work(over.signal), over.signal);
  } finally {
    done.abort();
  }
}

/** Gives `work` so many milliseconds from the moment somebody cancels, for what the other side would do all the same. */
export async function withGrace<T>(
  milliseconds: number,
  { signal, sleep }: Pick<WorkContext, 'signal' | 'sleep'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const [over, done] = [new AbortController(), new AbortController()];
  const onAbort = (): void => {
    sleep(milliseconds, done.signal).then(
      () => over.abort(signal.reason),
      () => undefined,
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(over.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    done.abort();
  }
}
