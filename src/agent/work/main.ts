import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectOperations } from '../../operations/direct.ts';
import { loadAhead } from '../../operations/load-ahead.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';
import { errorToWire } from '../../shared/wire-error.ts';
import { type Begin, type FromWorker, toWorker } from './messages.ts';
import { goOn } from './go-on.ts';
import { outlivesProcess } from './outlives.ts';

/*
 * One job in a process of its own: neither its garbage nor its crash is felt by anybody else. It may have waited for the job, and ends when
 * that has ended. When the agent is gone, or gives the job back, it ends as if it were killed where another process takes up what goes on
 * without it; else it takes back what it did, and whoever runs the job next begins anew.
 */
const stop = new AbortController();
/** Others go on with what is there, as long as this process has not begun to take it back. */
let isTakenUp = false;
let isWaiting = true;
// Ctrl-C in the agent's terminal reaches the whole group; what becomes of the job is the agent's to say.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

process.on('message', (raw) => {
  const message = toWorker.parse(raw);
  if (message.type === 'stop') end(new WpcloneError(message.reason, message.message));
  // What cannot be loaded is told when it is needed.
  else if (message.type === 'prepare') loadAhead(message.runtime).catch(ignore);
  else void work(message);
});
process.on('disconnect', () => {
  if (isWaiting) process.exit();
  end(new WpcloneError('LEASE_LOST', 'The agent is gone.'));
});

function end(reason: WpcloneError): void {
  if (isTakenUp && reason.code !== 'CANCELLED' && !stop.signal.aborted) process.exit();
  stop.abort(reason);
}

async function work(job: Begin): Promise<void> {
  isWaiting = false;
  isTakenUp = outlivesProcess(job.settings.runtime, job.kind);
  const operations = createDirectOperations({ ...job.settings, environment: process.env });
  const context = {
    signal: stop.signal,
    now: Date.now,
    sleep: async (milliseconds: number, signal?: AbortSignal) =>
      sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    randomBytes,
    log: { debug: ignore, info: ignore, warn: ignore },
    emit: (event: WorkEvent) => {
      if (event.type === 'step-failed') isTakenUp = false;
      void tell({ type: 'event', event });
    },
    jobId: job.lease,
  };
  try {
    const { result, secrets } = await goOn(job, operations, context);
    isTakenUp = false;
    await tell({ type: 'done', result: { ...result }, secrets: { ...secrets } });
  } catch (error) {
    isTakenUp = false;
    await tell({ type: 'failed', error: errorToWire(toWpcloneError(error)) });
  }
  await operations.close();
  // Whatever is open still, such as a connection that a failure left behind: the job has ended, and is not over before this process is.
  process.exit();
}

/** Resolves when it is on its way. Nobody may be there any more to hear it. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

function ignore(): void {
  // Nothing is logged here: what matters is in the events and in the error.
}
