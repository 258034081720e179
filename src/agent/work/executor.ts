import type { ChildProcess } from 'node:child_process';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, type WpcloneError } from '../../shared/errors.ts';
import { sendSignal } from '../../shared/process.ts';
import { nameAhead } from '../../operations/names.ts';
import type { OperationSettings } from '../../operations/settings.ts';
import type { ExecutionPort, Executor, JobOutcome } from '../jobs/executor.ts';
import type { ClaimedJob } from '../jobs/store.ts';
import type { Job } from '../jobs/types.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { ended, keepNotes, type Notes, UNDO_LIMIT } from './notes.ts';
import { awaitOutcome } from './await-outcome.ts';
import type { ToWorker } from './messages.ts';
import { leaseName, outlivesProcess } from './outlives.ts';
import type { Workers } from './workers.ts';

type ExecutorWork = Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>;

/**
 * Carries out each job in a child process, which has none besides. One that dies in whatever way is an error of its job, which may be tried
 * again.
 */
export function processExecutor(
  settings: OperationSettings,
  workers: Pick<Workers, 'take' | 'giveBack' | 'hasAgain'>,
  work: ExecutorWork,
): Executor {
  return {
    async run(claimed, port) {
      const before = readCheckpoint(claimed.job.checkpoint);
      // One that is cancelled before it begins has left nothing; what an earlier attempt left is looked at whoever wants what.
      if (before.worker === undefined) port.signal.throwIfAborted();
      else if (!(await workers.hasAgain(before.worker))) await ended(before.worker, unlessCancelled(port.signal), work);
      const name = before.name ?? nameFor(claimed.job, work);
      const lease = leaseName(claimed.job, before);
      const kept = outlivesProcess(settings.runtime, claimed.job.kind) ? { lease } : {};
      const notes = keepNotes({ ...before, ...(name === undefined ? {} : { name }), ...kept }, port, work);
      const runIn = (child: ChildProcess, isCutOff: boolean, heard: () => void): Promise<JobOutcome> =>
        carryOut(
          child,
          beginMessage(claimed, lease, before, isCutOff, name, settings),
          notes,
          { ...port, heard, free: () => workers.giveBack(child) },
          work,
        );
      try {
        let spoke = false;
        const first = runIn(workers.take(), before.worker !== undefined, () => (spoke = true));
        const outcome = await first.catch((error: unknown) => {
          // One that was killed while it waited, and nobody had heard of that yet. It may have begun: the other one looks what it left.
          if (spoke || port.signal.aborted || !hasDied(error)) throw error;
          work.log.info('another process does the job: the first died before it said anything', {
            job: claimed.job.id,
          });
          return runIn(workers.take(), true, () => undefined);
        });
        await notes.written();
        return outcome;
      } catch (error) {
        await (isUndone(toWpcloneError(error), port.signal) ? notes.end() : notes.written());
        throw error;
      }
    },
  };
}

interface WorkerPort extends ExecutionPort {
  readonly heard: () => void;
  /** The process has done the job, and all that comes with its end: it may have another. */
  readonly free: () => void;
}

/** The job in one process, to its end; and to that of the process, unless that is free again. */
async function carryOut(
  child: ChildProcess,
  begin: ToWorker,
  notes: Notes,
  { signal, emit, heard, free }: WorkerPort,
  work: ExecutorWork,
): Promise<JobOutcome> {
  const over = new AbortController();
  const stopping = (): void => {
    send(child, stopMessage(signal));
    void killLater(child, over.signal, work);
  };
  signal.addEventListener('abort', stopping, { once: true });
  try {
    const ending = awaitOutcome(child, (event) => {
      heard();
      notes.hear(event);
      emit(event);
    });
    // It is listened to from its first moment on; whether it died meanwhile is told there too.
    ending.catch(() => undefined);
    await notes.begin(child);
    send(child, begin);
    if (signal.aborted) stopping();
    const { outcome, isFree } = await ending;
    if (isFree) free();
    return outcome;
  } finally {
    over.abort();
    signal.removeEventListener('abort', stopping);
  }
}

/** Aborts as the signal does, but not when the job is cancelled. */
function unlessCancelled(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const pass = (): void => {
    if (toWpcloneError(signal.reason).code !== 'CANCELLED') controller.abort(signal.reason);
  };
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return controller.signal;
}

/**
 * Whether the next attempt begins anew. Else it must find what this one left: a process that died, or left what it did to the next, took
 * nothing back; and until the end of the job is in the store, why it failed for good must not be forgotten.
 */
const isUndone = (error: WpcloneError, signal: AbortSignal): boolean =>
  !hasDied(error) && (error.retryable || signal.aborted);

const hasDied = (error: unknown): boolean => toWpcloneError(error).code === 'WORKER_DIED';

function beginMessage(
  { job, secrets, confidential }: ClaimedJob,
  lease: string,
  { provisioned = false, failing }: Checkpoint,
  isCutOff: boolean,
  name: string | undefined,
  { environment: _inherited, ...rest }: OperationSettings,
): ToWorker {
  return {
    type: 'begin',
    lease,
    kind: job.kind,
    clone: job.clone ?? name ?? null,
    request: { ...job.request, ...confidential, ...(job.kind === 'clone' && name !== undefined ? { name } : {}) },
    secrets: { ...secrets },
    settings: { ...rest, kubernetes: { ...rest.kubernetes } },
    // Only an attempt that was cut off leaves its worker there.
    ...(!isCutOff ? {} : { cutOff: { provisioned, ...(failing === undefined ? {} : { failing }) } }),
  };
}

/** Clones are named before they are begun, so that the next attempt finds what this one has made. */
function nameFor({ kind, clone, request }: Job, work: ExecutorWork): string | undefined {
  if (kind !== 'clone' || typeof request['url'] !== 'string') return undefined;
  if (clone !== null) return clone;
  try {
    return nameAhead(request['url'], work);
  } catch {
    // An address that is none fails in the job, in its own words.
    return undefined;
  }
}

function stopMessage(signal: AbortSignal): ToWorker {
  const { code, message } = toWpcloneError(signal.reason);
  return { type: 'stop', reason: code === 'CANCELLED' || code === 'RELEASED' ? code : 'LEASE_LOST', message };
}

/** A child that is gone hears nothing; that it is gone is told elsewhere. */
function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined);
}

/** One that hears nothing, because it counts without end, must not hold up its job and the end of the agent for ever. */
async function killLater(
  { pid }: ChildProcess,
  over: AbortSignal,
  { sleep }: Pick<WorkContext, 'sleep'>,
): Promise<void> {
  await sleep(UNDO_LIMIT, over).catch(() => undefined);
  if (!over.aborted && pid !== undefined) sendSignal(-pid, 'SIGKILL');
}
