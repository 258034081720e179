import { type JobName, type JobResult, JOBS } from '../instance/declared.ts';
import { errorToWire } from '../shared/wire-error.ts';
import type { InstanceContext, InstanceJobs } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { every } from '../shared/watchdog.ts';
import { type JobEvent, type JobRequest, UNWATCHED_SECONDS } from './protocol.ts';

type Listener = (event: JobEvent) => void;

/** Work that lives in the sidecar, whoever watches: a cut stream is attached again by the job's id. */
export interface Job {
  readonly id: string;
  readonly kind: JobName;
  readonly running: boolean;
  /** Calls back with the latest state at once, then with each event; returns how to stop listening. */
  attach(listener: Listener): () => void;
  cancel(reason: WpcloneError): void;
  readonly finished: Promise<void>;
}

/** All jobs of one instance. */
export interface Jobs {
  /** Starts the job, or finds the one with the same id. Throws BUSY when another one of its kind is running. */
  start(request: JobRequest): Job;
  find(id: string): Job | undefined;
  list(): readonly Job[];
  /** Cancels all, and waits until they have stopped. */
  stop(reason: WpcloneError): Promise<void>;
}

type JobsWork = Pick<WorkContext, 'now' | 'sleep'>;

/** Ended jobs that are remembered, so that a watcher who was away for the end still learns it. */
const REMEMBERED = 32;

/** Jobs that ended are remembered for those who ask again. */
export function createJobs(operations: InstanceJobs, work: JobsWork): Jobs {
  const jobs = new Map<string, Job>();

  return {
    start(request) {
      const known = jobs.get(request.id);
      if (known !== undefined) return known;
      const busy = [...jobs.values()].find((job) => job.running && clashes(job.kind, request.kind));
      if (busy !== undefined) {
        throw new WpcloneError('BUSY', `The instance is still busy with ${busy.kind}.`, { retryable: true });
      }
      const job = startJob(request, operations, work);
      jobs.set(request.id, job);
      for (const old of [...jobs.values()].filter((each) => !each.running).slice(0, -REMEMBERED)) jobs.delete(old.id);
      return job;
    },
    find: (id) => jobs.get(id),
    list: () => [...jobs.values()],
    async stop(reason) {
      for (const job of jobs.values()) job.cancel(reason);
      await Promise.all([...jobs.values()].map((job) => job.finished));
    },
  };
}

/** Two jobs that were declared so run at the same time; anything else wants the instance for itself. */
const clashes = (running: JobName, wanted: JobName): boolean => JOBS[running].beside !== wanted;

function startJob(request: JobRequest, operations: InstanceJobs, work: JobsWork): Job {
  const controller = new AbortController();
  const listeners = new Set<Listener>();
  let latest: JobEvent = { type: 'alive' };
  let end: JobEvent | undefined;
  let unwatchedSince: number | undefined = work.now();

  const tell = (event: JobEvent) => {
    if (event.type === 'progress') latest = event;
    for (const listener of listeners) listener(event);
  };
  const cancel = (reason: WpcloneError) => controller.abort(reason);

  const stopLooking = every(5000, work, () => {
    if (unwatchedSince === undefined || work.now() - unwatchedSince < UNWATCHED_SECONDS * 1000) return;
    cancel(new WpcloneError('CANCELLED', 'The work was stopped: nobody has been watching it for too long.'));
  });

  const context: InstanceContext = {
    signal: controller.signal,
    progress: (counters, message) =>
      tell({ type: 'progress', counters, ...(message === undefined ? {} : { message }) }),
    retry: (message, waitSeconds) => tell({ type: 'retry', message, waitSeconds }),
  };

  const ended = async (): Promise<JobEvent> => {
    try {
      return { type: 'result', value: (await run(request, operations, context)) ?? null };
    } catch (error) {
      const reason: unknown = controller.signal.aborted ? controller.signal.reason : error;
      return { type: 'error', error: errorToWire(toWpcloneError(reason)) };
    }
  };
  const finish = async (): Promise<void> => {
    const event = await ended();
    stopLooking();
    end = event;
    tell(event);
  };
  const finished = finish();

  return {
    id: request.id,
    kind: request.kind,
    get running() {
      return end === undefined;
    },
    attach(listener) {
      listeners.add(listener);
      unwatchedSince = undefined;
      listener(end ?? latest);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) unwatchedSince = work.now();
      };
    },
    cancel,
    finished,
  };
}

const run = <K extends JobName>(
  request: JobRequest<K>,
  operations: InstanceJobs,
  context: InstanceContext,
): Promise<JobResult<K>> => operations[request.kind](request.task, context);
