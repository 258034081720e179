import type { ChosenEntry } from './choose.ts';

/** A batch ends at this many files or bytes; what a request costs besides them is counted in bytes. */
const MOST_FILES = 4000;
const MOST_BYTES = 256 * 1024 * 1024;
const LEAST_BYTES = 4 * 1024 * 1024;
const PER_FILE_BYTES = 8 * 1024;

const weightOf = (file: ChosenEntry): number => PER_FILE_BYTES + file.entry.size;

/** Files that wait to be fetched: code before uploads, while the list of them is still coming in. */
export interface FileQueue {
  add(file: ChosenEntry, upload: boolean): void;
  /** No more will be added. */
  end(): void;
  /**
   * The next batch: an even share of what is waiting, so that requests are few while there is much to do and all streams end
   * together. Undefined when there is nothing left. Rejects when the signal aborts.
   */
  take(signal: AbortSignal): Promise<ChosenEntry[] | undefined>;
}

/** `streams`: how many take from it at the same time. */
export function createQueue(streams: number): FileQueue {
  const lists: ChosenEntry[][] = [[], []];
  const heads = [0, 0];
  let weight = 0;
  let ended = false;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const next = (): ChosenEntry[] => {
    const share = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, weight / (streams + 1)));
    const batch: ChosenEntry[] = [];
    let taken = 0;
    for (const [index, list] of lists.entries()) {
      while (taken < share && batch.length < MOST_FILES) {
        const file = list[heads[index] ?? 0];
        if (!file) break;
        heads[index] = (heads[index] ?? 0) + 1;
        taken += weightOf(file);
        batch.push(file);
      }
      // Code and uploads are not mixed while both wait: the one has many small files, the other few large ones.
      if (batch.length > 0) break;
    }
    weight -= taken;
    return batch;
  };
  return {
    add: (file, upload) => {
      lists[upload ? 1 : 0]?.push(file);
      weight += weightOf(file);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    take: async (signal) => {
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        for (;;) {
          signal.throwIfAborted();
          // While the list is still coming in, less than a small batch is worth waiting for more.
          const batch = ended || weight >= LEAST_BYTES ? next() : [];
          if (batch.length > 0) return batch;
          if (ended) return undefined;
          await Promise.race([changed.promise, aborted.promise]);
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
        aborted.promise.catch(() => undefined);
      }
    },
  };
}
