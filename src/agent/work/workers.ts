import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { WorkContext } from '../../shared/context.ts';
import { MEMORY_FLAGS } from '../../shared/memory-flags.ts';
import type { OperationSettings } from '../../operations/settings.ts';
import type { ToWorker } from './messages.ts';
import { letOthersGoFirst } from './priority.ts';

const MAIN = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
const FLAGS = [...MEMORY_FLAGS, '--no-warnings'];
/** Milliseconds after a job began until the process for the next one starts, unless the job ends before: at its beginning it needs the processor itself. */
const PAUSE = 3_000;
/** Milliseconds for which one waits for a job, with 100 MB of memory. */
const PATIENCE = 30 * 60_000;

/** Processes for jobs, one for each. One that loads its code while nobody waits for it saves its job the half second that this takes. */
export interface Workers {
  /** One that knows of no job yet: that which waits for one, else a new one. */
  readonly take: () => ChildProcess;
  /** Starts one that waits, unless one does. It ends with this process, when nobody wants it for half an hour, and when `signal` aborts. */
  readonly prepare: () => void;
}

export function keepWorkers(
  { environment, runtime }: Pick<OperationSettings, 'environment' | 'runtime'>,
  { signal, sleep, now }: Pick<WorkContext, 'signal' | 'sleep' | 'now'>,
): Workers {
  let waiting: { readonly child: ChildProcess; readonly taken: AbortController } | undefined;

  function start(): ChildProcess {
    const child = forkWorker(environment);
    void letOthersGoFirst(child.pid, { now, sleep });
    return child;
  }

  /** Undefined where none can be started now, for want of memory or of whatever else: nobody waits for this one, and jobs are told why. */
  function startIfPossible(): ChildProcess | undefined {
    try {
      return start();
    } catch {
      return undefined;
    }
  }

  function prepare(): void {
    if (waiting !== undefined || signal.aborted) return;
    const child = startIfPossible();
    if (child === undefined) return;
    const taken = new AbortController();
    const own = { child, taken };
    const over = (): void => {
      taken.abort();
      if (waiting === own) waiting = undefined;
    };
    child.once('exit', over).once('error', over);
    if (!child.connected) return;
    waiting = own;
    const message: ToWorker = { type: 'prepare', runtime };
    child.send(message, () => undefined);
    // By itself it keeps nobody from ending, and hears of it.
    child.unref();
    child.channel?.unref();
    void giveUp(own);
  }

  async function giveUp(unwanted: NonNullable<typeof waiting>): Promise<void> {
    const { child, taken } = unwanted;
    await sleep(PATIENCE, AbortSignal.any([signal, taken.signal])).catch(() => undefined);
    if (waiting !== unwanted) return;
    waiting = undefined;
    if (child.connected) child.disconnect();
  }

  async function prepareNext(child: ChildProcess): Promise<void> {
    const over = new AbortController();
    const ended = once(child, 'close', { signal: over.signal });
    await Promise.race([ended, sleep(PAUSE, AbortSignal.any([signal, over.signal]))]).catch(() => undefined);
    over.abort();
    await ended.catch(() => undefined);
    prepare();
  }

  return {
    prepare,
    take() {
      const ready = waiting;
      waiting = undefined;
      ready?.taken.abort();
      const worker = ready?.child.connected === true ? ready.child : start();
      worker.ref();
      worker.channel?.ref();
      void prepareNext(worker);
      return worker;
    },
  };
}

/** Of util-linux or BusyBox; one of these is on every Linux. */
const SETSID = ['/usr/bin/setsid', '/bin/setsid'];

/**
 * Leads a group and a session of its own: a signal that a terminal sends to the agent's is the agent's to deal with. The agent stands still until
 * the new process has begun with its program. In a new session that process waits for its turn beside all others first, a tenth of a second on a busy
 * machine; so it enters one only afterwards, by that program.
 */
function forkWorker(environment: NodeJS.ProcessEnv): ChildProcess {
  const setsid = process.platform === 'linux' ? SETSID.find((path) => existsSync(path)) : undefined;
  const how =
    setsid === undefined
      ? { execArgv: FLAGS, detached: true }
      : { execPath: setsid, execArgv: [process.execPath, ...FLAGS], detached: false };
  return fork(new URL(MAIN, import.meta.url), [], {
    ...how,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
