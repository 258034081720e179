import { withTimeout } from '../../shared/abortable.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { eventReport } from './reports.ts';
import type { AgentDeps } from './types.ts';
import type { JobStore } from '../jobs/store.ts';
import type { StoredEvent } from '../jobs/types.ts';

/** Milliseconds between two signs of life on a way that has nothing to carry: balancers cut a silent one after a minute. */
const HEARTBEAT = 15_000;
/** Milliseconds for a way without room to have some again: one whose reader is gone, or takes nothing, would keep another from reading. */
const STUCK = 60_000;
/** Events read at once: the log is never read by a cursor that stays open. */
const PAGE = 100;

/** The way to one reader of a job's log. What it returns resolves when it has room again; undefined: it has room now. */
export interface Sink {
  send(event: StoredEvent): Promise<void> | undefined;
  /** Shows that the way is open. */
  beat(): Promise<void> | undefined;
}

export interface Followers {
  /**
   * Hands on a job's events after a sequence number, as they come. Resolves with true after the event that ended the job, with false when
   * `signal` aborts. A way without room holds up its own reader only, and no memory grows for it. Throws when it has none for a minute.
   */
  follow(job: string, after: number, sink: Sink, signal: AbortSignal): Promise<boolean>;
}

/**
 * Many who follow the log, woken together: what each of them costs at each event decides how long the last one waits for it. So nobody has
 * a timer or a signal of the moment; one clock beats for all.
 */
export function createFollowers(
  events: JobStore['events'],
  { heard, work, closing }: Pick<AgentDeps, 'heard' | 'work' | 'closing'>,
): Followers {
  const wakers = new Set<Waker>();
  heard(() => {
    for (const waker of wakers) waker.wake(false);
  });
  const join = (signal: AbortSignal): Waker => {
    const waker = createWaker(signal, () => wakers.delete(waker));
    wakers.add(waker);
    if (wakers.size === 1) void beat();
    return waker;
  };
  let beating = false;
  const beat = async (): Promise<void> => {
    if (beating) return;
    beating = true;
    while (wakers.size > 0 && !closing.aborted) {
      await work.sleep(HEARTBEAT, closing).catch(() => undefined);
      for (const waker of wakers) waker.wake(true);
    }
    beating = false;
  };
  return {
    async follow(job, from, sink, signal) {
      let after = from;
      const waker = join(signal);
      try {
        while (!signal.aborted) {
          const page = await events(after, { job, limit: PAGE });
          for (const event of page) {
            const room = sink.send(event);
            if (room !== undefined) await withTimeout(STUCK, work, stuck(), () => room);
          }
          after = page.at(-1)?.sequence ?? after;
          if (page.some(isLast)) return true;
          if (page.length < PAGE && (await waker.next())) await sink.beat();
        }
        return false;
      } finally {
        waker.leave();
      }
    },
  };
}

const stuck = (): WpcloneError => new WpcloneError('UNREACHABLE', 'The reader took nothing for a minute.');

interface Waker {
  wake(beat: boolean): void;
  /** Resolves once it was woken since it resolved last; whether also to show that the way is open. */
  next(): Promise<boolean>;
  leave(): void;
}

function createWaker(signal: AbortSignal, left: () => void): Waker {
  let woken: { readonly beat: boolean } | undefined;
  let resume: ((beat: boolean) => void) | undefined;
  const wake = (beat: boolean): void => {
    // What else it was woken for may be another job's.
    woken = { beat: beat || woken?.beat === true };
    if (resume === undefined) return;
    const go = resume;
    const said = woken.beat;
    [woken, resume] = [undefined, undefined];
    go(said);
  };
  const stop = (): void => wake(false);
  signal.addEventListener('abort', stop);
  return {
    wake,
    async next() {
      if (woken === undefined) return new Promise<boolean>((resolve) => (resume = resolve));
      const { beat } = woken;
      woken = undefined;
      return beat;
    },
    leave() {
      signal.removeEventListener('abort', stop);
      left();
    },
  };
}

const isLast = ({ event }: StoredEvent): boolean =>
  event.type === 'job' && (event.state === 'completed' || event.state === 'failed');

/** Makes something of an event once, however many hear it. */
export function onceForAll<T>(make: (event: StoredEvent) => T): (event: StoredEvent) => T {
  const made = new WeakMap<StoredEvent, { readonly value: T }>();
  return (event) => {
    const known = made.get(event) ?? { value: make(event) };
    made.set(event, known);
    return known.value;
  };
}

/** An event as readers get it. */
export const eventText = ({ at, event }: StoredEvent): string => JSON.stringify(eventReport({ at, event }));
