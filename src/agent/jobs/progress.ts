import type { StepName, WorkEvent } from '../../shared/events.ts';
import { fractionDone } from '../../shared/fraction-done.ts';
import type { JobKind } from './types.ts';

/** How much of a job each of its steps is, in per cent; what is left over is for the moments between them. */
const WEIGHTS: Partial<Record<JobKind, Partial<Record<StepName, number>>>> = {
  clone: { connect: 10, provision: 5, database: 35, files: 35, configure: 5, verify: 9 },
  reset: { reset: 99 },
  // One of these parts each: a plan, what is written, what is taken back or accepted. Between two sites a copy comes first.
  restore: { copy: 40, connect: 10, plan: 89, apply: 70, verify: 19, undo: 89, accept: 89 },
};

/** Never said before the job has ended. */
const MOST = 99;

/**
 * How far an attempt is, from 0 to 99, told from its events: `next` takes them one after the other. It may go back when a step begins
 * again; that a job's progress never does is the store's promise.
 */
export function progressOf(kind: JobKind): { next(event: WorkEvent): number } {
  const weights = WEIGHTS[kind] ?? {};
  const done = new Map<StepName, number>();
  return {
    next(event) {
      if (event.type === 'step-finished') done.set(event.step, 1);
      if (event.type === 'step-started') done.set(event.step, 0);
      if (event.type === 'step-progress' && event.counters !== undefined)
        done.set(event.step, Math.max(done.get(event.step) ?? 0, fractionDone(event.counters) ?? 0));
      const sum = [...done].reduce((total, [step, share]) => total + (weights[step] ?? 0) * share, 0);
      return Math.min(Math.floor(sum), MOST);
    },
  };
}
