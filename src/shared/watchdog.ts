import type { WorkContext } from './context.ts';

/** Watches over something that must be heard of again and again. */
export interface Watchdog {
  /** It was heard of: the time begins anew. */
  heard(): void;
  stop(): void;
}

/** Calls `bark`, once, when nothing has been heard for so many milliseconds. Stop it when it is not needed any more. */
export function createWatchdog(
  limit: number,
  { now, sleep }: Pick<WorkContext, 'now' | 'sleep'>,
  bark: () => void,
): Watchdog {
  const stopped = new AbortController();
  let last = now();
  const watch = async (): Promise<void> => {
    for (let left = limit; left > 0; left = last + limit - now()) await sleep(left, stopped.signal);
    if (!stopped.signal.aborted) bark();
  };
  // A sleep that was cut short has nothing to say.
  watch().catch(() => undefined);
  return {
    heard: () => {
      last = now();
    },
    stop: () => stopped.abort(),
  };
}

/** Calls `act` every so many milliseconds until stopped. */
export function every(milliseconds: number, { sleep }: Pick<WorkContext, 'sleep'>, act: () => void): () => void {
  const stopped = new AbortController();
  const repeat = async (): Promise<void> => {
    for (;;) {
      await sleep(milliseconds, stopped.signal);
      act();
    }
  };
  repeat().catch(() => undefined);
  return () => stopped.abort();
}
