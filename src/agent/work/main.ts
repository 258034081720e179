import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectOperations } from '../../operations/direct.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { WorkEvent } from '../../shared/events.ts';
import { errorToWire } from '../../shared/wire-error.ts';
import { type Begin, type FromWorker, toWorker } from './messages.ts';
import { goOn } from './go-on.ts';

/*
 * One job in a process of its own: neither its garbage nor its crash is felt by anybody else. It ends when the job has ended, and when
 * the agent is gone it takes back what it did: whoever runs the job next begins anew.
 */
const stop = new AbortController();
// Ctrl-C in the agent's terminal reaches the whole group; what becomes of the job is the agent's to say.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

process.on('message', (raw) => {
  const message = toWorker.parse(raw);
  if (message.type === 'stop') stop.abort(new WpcloneError(message.reason, message.message));
  else void work(message);
});
process.on('disconnect', () => stop.abort(new WpcloneError('LEASE_LOST', 'The agent is gone.')));

async function work(job: Begin): Promise<void> {
  const operations = createDirectOperations({ ...job.settings, environment: process.env });
  const context = {
    signal: stop.signal,
    now: Date.now,
    sleep: async (milliseconds: number, signal?: AbortSignal) =>
      sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    randomBytes,
    log: { debug: ignore, info: ignore, warn: ignore },
    emit: (event: WorkEvent) => tell({ type: 'event', event }),
    jobId: job.lease,
  };
  try {
    const { result, secrets } = await goOn(job, operations, context);
    tell({ type: 'done', result: { ...result }, secrets: { ...secrets } });
  } catch (error) {
    tell({ type: 'failed', error: errorToWire(toWpcloneError(error)) });
  }
  await operations.close();
  if (process.connected) process.disconnect();
}

/** Nobody may be there any more to hear it. */
function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, ignore);
}

function ignore(): void {
  // Nothing is logged here: what matters is in the events and in the error.
}
