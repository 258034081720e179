import type { JobStore } from './store.ts';
import type { StoredEvent } from './types.ts';

/** Events that are kept at hand, and read from the store at once. */
const KEPT = 500;
const PAGE = 200;

/**
 * Reads the log for many who follow it: after each ring of the bell the newest events are read from the store once, and handed to all who
 * are that far; who is further behind asks the store. `rung` counts the rings.
 */
export function recentEvents(store: Pick<JobStore, 'events' | 'newest'>, rung: () => number): JobStore['events'] {
  let events: StoredEvent[] = [];
  /** All events after this sequence number, up to the last one, are at hand. */
  let low: number | undefined;
  let last = 0;
  let read: { readonly rung: number; readonly done: Promise<void> } | undefined;

  const readOn = async (): Promise<void> => {
    if (low === undefined) low = last = await store.newest();
    for (;;) {
      const more = await store.events(last, { limit: PAGE });
      events.push(...more);
      last = more.at(-1)?.sequence ?? last;
      if (more.length < PAGE) break;
    }
    const dropped = events.slice(0, -KEPT);
    low = dropped.at(-1)?.sequence ?? low;
    if (dropped.length > 0) events = events.slice(-KEPT);
  };
  /** One that was begun before the last ring may have missed what was written; then it is read on behind it. */
  const upToDate = async (): Promise<void> => {
    if (read?.rung !== rung()) {
      const before = read?.done.catch(() => undefined) ?? Promise.resolve();
      read = { rung: rung(), done: before.then(readOn) };
    }
    await read.done.catch((error: unknown) => {
      read = undefined;
      throw error;
    });
  };
  return async (after, { job, limit }) => {
    await upToDate();
    if (low === undefined || after < low) return store.events(after, { ...(job === undefined ? {} : { job }), limit });
    // From the end: nearly all readers are that far.
    let first = events.length;
    while (first > 0 && (events[first - 1]?.sequence ?? 0) > after) first -= 1;
    const newer = events.slice(first);
    return (job === undefined ? newer : newer.filter((event) => event.job === job)).slice(0, limit);
  };
}
