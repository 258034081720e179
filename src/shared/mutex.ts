/** Runs work alone: what is given meanwhile begins when it has ended, in the order in which it was given, also when it failed. */
export type Mutex = <T>(work: () => Promise<T>) => Promise<T>;

/** A mutex between callers in this process; between processes there is `withLock`. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
