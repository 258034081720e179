import type { StepCounters } from '../shared/events.ts';

const INTERVAL_MILLISECONDS = 100;

/** Passes counters on at most ten times a second; `flush` passes the last ones on in any case. */
export function createProgress(
  report: (counters: StepCounters) => void,
  counters: () => StepCounters,
  now: () => number,
): { readonly tick: () => void; readonly flush: () => void } {
  let last = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    last = now();
    report(counters());
  };
  return {
    flush,
    tick: () => {
      if (now() - last >= INTERVAL_MILLISECONDS) flush();
    },
  };
}
