import type { ChildProcess } from 'node:child_process';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';
import { identityOf, isAlive, type ProcessIdentity, sendSignal } from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';
import type { ExecutionPort } from '../jobs/executor.ts';
import { type Checkpoint, storedCheckpoint } from './checkpoint.ts';

/** Milliseconds that the process of an attempt gets to take back what it did, once it is told to or its agent is dead. */
export const UNDO_LIMIT = 150_000;
const LOOK = 25;

/** What an execution writes down for the next one. */
export interface Notes {
  /** Before the process is told what to do. */
  begin(child: ChildProcess): Promise<void>;
  hear(event: WorkEvent): void;
  /** Another attempt follows that begins anew: what only a dead agent's successor needs to know is forgotten. */
  end(): Promise<void>;
  written(): Promise<void>;
}

export function keepNotes(
  before: Checkpoint,
  { checkpoint, signal }: Pick<ExecutionPort, 'checkpoint' | 'signal'>,
  { log }: Pick<WorkContext, 'log'>,
): Notes {
  let known = before;
  let chain: Promise<unknown> = Promise.resolve();
  const note = (more: Checkpoint): void => {
    known = { ...known, ...more };
    const value = storedCheckpoint(known);
    chain = chain
      .then(() => checkpoint(value))
      // An attempt that is over need not be noted, and a full disk must not cost the job.
      .catch((error: unknown) => log.debug('a note could not be written', { error: toWpcloneError(error).message }));
  };
  return {
    async begin({ pid = 0 }) {
      const worker = await identityOf(pid);
      note(worker === undefined ? {} : { worker });
      await chain;
    },
    hear(event) {
      if (event.type === 'step-finished' && event.step === 'provision') note({ provisioned: true });
      if (event.type !== 'step-failed' || event.code === undefined || event.retryable !== false || signal.aborted)
        return;
      const { code, message } = event;
      note({ failing: { code, message, details: {}, retryable: false } });
    },
    async end() {
      const { name } = known;
      known = {};
      note(name === undefined ? {} : { name });
      await chain;
    },
    async written() {
      await chain;
    },
  };
}

/** Resolves when the process of an earlier attempt has ended: by itself, or after its time by force. Rejects when `signal` aborts. */
export async function ended(
  worker: ProcessIdentity,
  signal: AbortSignal,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): Promise<void> {
  const gone = async (): Promise<boolean> => !(await isAlive(worker));
  if ((await waitUntil(gone, { every: LOOK, limit: UNDO_LIMIT, signal }, work)) === true) return;
  // With its group: what it had started would go on writing.
  sendSignal(-worker.pid, 'SIGKILL');
  await waitUntil(gone, { every: LOOK, limit: UNDO_LIMIT, signal }, work);
}
