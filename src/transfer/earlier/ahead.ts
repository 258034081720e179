/** Things that were taken from somewhere as fast as they came. */
export interface Ahead<T> {
  /** All that has come since the last time, at least one; none when there is no more. Throws what the source threw. */
  take(): Promise<readonly T[]>;
}

/** Begins to take at once, some at a time, and holds what nobody has asked for yet. The source must end by itself when it is not wanted any more. */
export function readAhead<T>(source: AsyncIterable<readonly T[]>): Ahead<T> {
  let held: T[] = [];
  let wake = Promise.withResolvers<void>();
  const end = (async (): Promise<void> => {
    for await (const items of source) {
      held.push(...items);
      if (held.length > 0) wake.resolve();
    }
  })();
  // It is thrown when it is asked for.
  end.catch(() => undefined);
  return {
    async take() {
      if (held.length === 0) await Promise.race([wake.promise, end]);
      const taken = held;
      held = [];
      wake = Promise.withResolvers<void>();
      return taken;
    },
  };
}
