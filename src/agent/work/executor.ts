import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { errorFromWire } from '../../shared/wire-error.ts';
import type { OperationSettings } from '../../operations/types.ts';
import type { Executor, JobOutcome } from '../jobs/runner.ts';
import { type FromWorker, fromWorker, type ToWorker } from './messages.ts';

const MAIN = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
/** The flags of the command itself (bin/run.js): without them memory grows late and high. */
const FLAGS = ['--max-semi-space-size=1', '--no-warnings'];

/** Carries out each job in a child process. One that dies in whatever way is an error of its job, which may be tried again. */
export function processExecutor(settings: OperationSettings): Executor {
  const { environment, ...rest } = settings;
  return {
    async run({ job, secrets, attempt }, { signal, emit }) {
      const child = fork(new URL(MAIN, import.meta.url), [], {
        execArgv: FLAGS,
        env: environment,
        // Its own group: a signal that a terminal sends to the agent's is the agent's to deal with.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      const stopping = (): void => send(child, stopMessage(signal));
      signal.addEventListener('abort', stopping, { once: true });
      try {
        const ending = hear(child, emit);
        send(child, {
          type: 'begin',
          lease: `${attempt.id}.${attempt.epoch}`,
          kind: job.kind,
          clone: job.clone,
          request: { ...job.request },
          secrets: { ...secrets },
          settings: { ...rest, kubernetes: { ...rest.kubernetes } },
        });
        if (signal.aborted) stopping();
        return await ending;
      } finally {
        signal.removeEventListener('abort', stopping);
      }
    },
  };
}

function stopMessage(signal: AbortSignal): ToWorker {
  const { code, message } = toWpcloneError(signal.reason);
  return { type: 'stop', reason: code === 'CANCELLED' || code === 'RELEASED' ? code : 'LEASE_LOST', message };
}

/** A child that is gone hears nothing; that it is gone is told elsewhere. */
function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Bytes of what a dying process says that are kept for its error. */
const LAST_WORDS = 2_000;

async function hear(
  child: ChildProcess,
  emit: (event: (FromWorker & { type: 'event' })['event']) => void,
): Promise<JobOutcome> {
  let ending: Exclude<FromWorker, { type: 'event' }> | undefined;
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-LAST_WORDS);
  });
  child.on('message', (raw) => {
    const message = fromWorker.parse(raw);
    if (message.type === 'event') emit(message.event);
    else ending = message;
  });
  // `close`, not `exit`: all that it said has been read.
  const [code, killed] = await once(child, 'close');
  if (ending?.type === 'done') return { result: ending.result, secrets: ending.secrets };
  if (ending?.type === 'failed') throw errorFromWire(ending.error);
  const how = killed === null ? `ended with ${code}` : `was ended by ${killed}`;
  const words = said.trim().split('\n').at(-1) ?? '';
  throw new WpcloneError('WORKER_DIED', `The process of the job ${how}${words === '' ? '' : `: ${words}`}.`, {
    retryable: true,
  });
}
