import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { WpcloneError } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';
import { errorFromWire } from '../../shared/wire-error.ts';
import type { JobOutcome } from '../jobs/executor.ts';
import { type FromWorker, fromWorker } from './messages.ts';

/** Bytes of what a dying process says that are kept for its error. */
const LAST_WORDS = 2_000;

type Ending = Extract<FromWorker, { type: 'done' | 'failed' }>;

/**
 * What the process says of its job, until the job and all that comes with its end is over. `isFree`: it is there for another one; else it has
 * ended too. Throws what the job failed with; WORKER_DIED where it ended without a word.
 */
export async function awaitOutcome(
  child: ChildProcess,
  emit: (event: WorkEvent) => void,
): Promise<{ readonly outcome: JobOutcome; readonly isFree: boolean }> {
  let ending: Ending | undefined;
  let said = '';
  const free = Promise.withResolvers<undefined>();
  const hearWords = (text: string): void => void (said = (said + text).slice(-LAST_WORDS));
  const hearMessage = (raw: unknown): void => {
    // What it cannot have meant is left out: thrown here, it would end the agent and not the job.
    const { data: message } = fromWorker.safeParse(raw);
    if (message?.type === 'event') emit(message.event);
    else if (message?.type !== 'free') ending = message ?? ending;
    else if (ending?.type === 'done') free.resolve(undefined);
    // How the job ended could not be read: it ends, as one that waits does.
    else if (child.connected) child.disconnect();
  };
  child.stderr?.setEncoding('utf8').on('data', hearWords);
  child.on('message', hearMessage);
  const over = new AbortController();
  try {
    // `close`, not `exit`: all that it said has been read.
    const exit: unknown[] | undefined = await Promise.race([
      free.promise,
      once(child, 'close', { signal: over.signal }),
    ]);
    if (ending?.type === 'done') {
      const { result, secrets } = ending;
      return { outcome: { result, secrets }, isFree: exit === undefined };
    }
    throw ending?.type === 'failed' ? errorFromWire(ending.error) : died(exit, said);
  } finally {
    over.abort();
    child.off('message', hearMessage);
    child.stderr?.off('data', hearWords);
  }
}

function died([code, killed]: readonly unknown[] = [], said: string): WpcloneError {
  const how = typeof killed === 'string' ? `was ended by ${killed}` : `ended with ${Number(code)}`;
  const words = said.trim().split('\n').at(-1) ?? '';
  return new WpcloneError('WORKER_DIED', `The process of the job ${how}${words === '' ? '' : `: ${words}`}.`, {
    retryable: true,
  });
}
