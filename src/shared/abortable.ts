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

/** Gives `work` so many milliseconds: then its signal aborts with `late`, which is thrown whether the work listens or not. */
export async function within<T>(
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
