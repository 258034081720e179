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
 * Jobs in a process of their own, one after the other: neither their garbage nor their crash is felt by anybody else. It waits for the first,
 * and for the next after one that went well; after any other it ends. When the agent is gone, or gives the job back, it ends as if it were
 * killed where another process takes up what goes on without it; else it takes back what it did, and whoever runs the job next begins anew.
 */

/** Jobs that a process carries out: what each leaves behind is little, but not nothing. */
const MOST_JOBS = 20;
/** Bytes that a process may have and wait for another job. */
const MOST_MEMORY = 300e6;

interface Current {
  readonly stop: AbortController;
  /** Others go on with what is there, as long as this process has not begun to take it back. */
  isTakenUp: boolean;
}

let current: Current | undefined;
let jobs = 0;
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
  if (current === undefined) process.exit();
  end(new WpcloneError('LEASE_LOST', 'The agent is gone.'));
});

/** One that comes when the job has ended is not the next one's: that has not been sent yet. */
function end(reason: WpcloneError): void {
  if (current?.isTakenUp === true && reason.code !== 'CANCELLED' && !current.stop.signal.aborted) process.exit();
  current?.stop.abort(reason);
}

async function work(job: Begin): Promise<void> {
  const own: Current = { stop: new AbortController(), isTakenUp: outlivesProcess(job.settings.runtime, job.kind) };
  current = own;
  jobs += 1;
  const operations = createDirectOperations({ ...job.settings, environment: process.env });
  const context = {
    signal: own.stop.signal,
    now: Date.now,
    sleep: async (milliseconds: number, signal?: AbortSignal) =>
      sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    randomBytes,
    log: { debug: ignore, info: ignore, warn: ignore },
    emit: (event: WorkEvent) => {
      if (event.type === 'step-failed') own.isTakenUp = false;
      // What comes late is not the next job's.
      if (current === own) void tell({ type: 'event', event });
    },
    jobId: job.lease,
  };
  let wentWell = false;
  try {
    const { result, secrets } = await goOn(job, operations, context);
    own.isTakenUp = false;
    await tell({ type: 'done', result: { ...result }, secrets: { ...secrets } });
    wentWell = true;
  } catch (error) {
    own.isTakenUp = false;
    await tell({ type: 'failed', error: errorToWire(toWpcloneError(error)) });
  }
  await operations.close();
  // Whatever is open still, such as a connection that a failure left behind: the job has ended, and is not over before this process is.
  if (!wentWell || own.stop.signal.aborted || !takesAnother()) process.exit();
  current = undefined;
  await tell({ type: 'free' });
}

const takesAnother = (): boolean =>
  process.connected &&
  jobs < MOST_JOBS &&
  process.memoryUsage.rss() < MOST_MEMORY &&
  // A browser that did not close goes with the process that started it.
  !process.getActiveResourcesInfo().includes('ProcessWrap');

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
