import { withTimeout } from '../shared/abortable.ts';
import type { ProgressReport, ReportingContext, RetryReport, WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import type { StepName } from '../shared/events.ts';

/** What a step is given while it runs; also what an instance's operations take. */
export interface StepContext {
  readonly signal: AbortSignal;
  readonly progress: ProgressReport;
  readonly retry: RetryReport;
  /** The caller's context with this pipeline's signal; what is told through it belongs to this step. */
  readonly work: ReportingContext;
}

export interface Pipeline {
  /** Runs one named step; steps started together run together. `message` is what a person reads when it is done. */
  step<T>(name: StepName, run: (context: StepContext) => Promise<{ value: T; message: string }>): Promise<T>;
  /** Registers how to take back what has just been done. Run in reverse order when anything fails later. */
  onUndo(step: StepName, message: string, undo: (context: WorkContext) => Promise<void>): void;
  /** What goes on beside the steps: the pipeline does not end, and nothing is taken back, before it has ended. Its failure is nobody's. */
  alongside(work: Promise<unknown>): void;
  /** Ends everything with the signal's reason when it aborts, as the failure of a step would. */
  cancelWith(signal: AbortSignal): void;
  /** The caller's context with this pipeline's signal, for what is done beside the steps. */
  readonly work: WorkContext;
  /** Seconds each finished step took. */
  readonly timings: ReadonlyMap<StepName, number>;
}

interface Undo {
  readonly step: StepName;
  readonly message: string;
  readonly run: (context: WorkContext) => Promise<void>;
}

/** How long taking one thing back may last, in milliseconds; past it the sweep of the next command does the rest. */
const UNDO_LIMIT = 60_000;

/**
 * Runs `body` with steps. When a step fails or the caller cancels, the other running steps are cancelled and waited for,
 * what was done is taken back in reverse order, and the first failure is thrown: never one that it caused in a sibling.
 */
export async function runPipeline<T>(context: WorkContext, body: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const signal = AbortSignal.any([context.signal, controller.signal]);
  const work: WorkContext = { ...context, signal };
  const running = new Set<Promise<unknown>>();
  const undos: Undo[] = [];
  const timings = new Map<StepName, number>();

  const step: Pipeline['step'] = (name, run) => {
    const started = context.now();
    context.emit({ type: 'step-started', step: name });
    const promise = (async () => {
      try {
        signal.throwIfAborted();
        const { value, message } = await run(stepContext(name, work));
        const seconds = (context.now() - started) / 1000;
        timings.set(name, seconds);
        context.emit({ type: 'step-finished', step: name, message, seconds });
        return value;
      } catch (error) {
        const failure = context.signal.aborted ? cancelled(context.signal) : toWpcloneError(error);
        // The reason stands at the step that failed; at the others it would look like failures of their own.
        const stopped = controller.signal.aborted && !context.signal.aborted;
        const { code, message, retryable } = failure;
        // Only the first failure counts: aborting keeps it as the reason for all that follow.
        const why = controller.signal.aborted ? {} : { code, retryable };
        context.emit({ type: 'step-failed', step: name, message: stopped ? 'stopped' : message, ...why });
        if (!controller.signal.aborted) controller.abort(failure);
        throw failure;
      }
    })();
    running.add(promise);
    // The body may not be awaiting this step at the moment it fails; the failure is kept as the abort's reason.
    promise.catch(() => undefined).finally(() => running.delete(promise));
    return promise;
  };

  const onUndo: Pipeline['onUndo'] = (name, message, run) => undos.push({ step: name, message, run });
  const alongside: Pipeline['alongside'] = (others) => {
    running.add(others);
    others.catch(() => undefined).finally(() => running.delete(others));
  };
  const cancelWith = (other: AbortSignal): void => {
    const cancel = (): void => controller.abort(other.reason);
    other.addEventListener('abort', cancel, { once: true });
    if (other.aborted) cancel();
  };

  try {
    const result = await body({ step, onUndo, alongside, cancelWith, work, timings });
    await Promise.allSettled(running);
    return result;
  } catch (error) {
    const failure = firstFailure(error, context.signal, controller.signal);
    if (!controller.signal.aborted) controller.abort(failure);
    await Promise.allSettled(running);
    await undoAll(undos, context);
    throw failure;
  }
}

function stepContext(name: StepName, context: WorkContext): StepContext {
  const work = reportingAs(name, context);
  return { signal: work.signal, work, progress: work.progress, retry: work.retry };
}

/** The context for work that is told of as this step. */
export function reportingAs(name: StepName, context: WorkContext): Required<ReportingContext> {
  return {
    ...context,
    progress: (counters, message) =>
      context.emit({ type: 'step-progress', step: name, counters, ...(message === undefined ? {} : { message }) }),
    retry: (message, waitSeconds) => context.emit({ type: 'retry', step: name, message, waitSeconds }),
  };
}

function cancelled(signal: AbortSignal): WpcloneError {
  return signal.reason instanceof WpcloneError ? signal.reason : new WpcloneError('CANCELLED', 'Cancelled.');
}

function firstFailure(error: unknown, outer: AbortSignal, inner: AbortSignal): WpcloneError {
  if (outer.aborted) return cancelled(outer);
  return inner.reason instanceof WpcloneError ? inner.reason : toWpcloneError(error);
}

async function undoAll(undos: readonly Undo[], context: WorkContext): Promise<void> {
  for (const undo of undos.toReversed()) {
    context.emit({ type: 'undo', step: undo.step, message: undo.message });
    try {
      await takeBack(undo, context);
    } catch (error) {
      context.log.warn('undo failed', { step: undo.step, error: toWpcloneError(error).message });
    }
  }
}

/**
 * The caller's signal is spent; taking back must not be cancelled by what made it necessary. Each undo has its own time, which
 * ends it whether it listens or not: a source that says nothing must not keep what is here from being removed.
 */
function takeBack(undo: Undo, context: WorkContext): Promise<void> {
  const late = new WpcloneError('CANCELLED', 'Undoing this took too long.');
  return withTimeout(UNDO_LIMIT, context, late, (signal) => undo.run({ ...context, signal }));
}
