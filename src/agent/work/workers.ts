import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { WorkContext } from '../../shared/context.ts';
import { identityOf, type ProcessIdentity } from '../../shared/process.ts';
import { MEMORY_FLAGS } from '../../shared/memory-flags.ts';
import type { OperationSettings } from '../../operations/settings.ts';
import type { ToWorker } from './messages.ts';
import { lowerPriority } from './priority.ts';

const MAIN = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
const FLAGS = [...MEMORY_FLAGS, '--no-warnings'];
/** Milliseconds after a job began until the process for the next one starts, unless the job ends before: at its beginning it needs the processor itself. */
const PAUSE = 3_000;
/** Milliseconds for which one waits for its first job, with 100 MB of memory, and one that has done some for the next, with more. */
const PATIENCE = { unused: 30 * 60_000, used: 60_000 };
/** As many as may wait: where jobs come without a pause, none of them has to wait for a process. */
const MOST_WAITING = 2;

/**
 * Processes for jobs, each for one at a time. One that loads its code while nobody waits for it saves its job the half second that this takes;
 * one that has done a job saves the next one that too, and the agent the time in which it stands still for the start of a process.
 */
export interface Workers {
  /** One that knows of no job yet, or whose job is over: one that waits for one, else a new one. */
  readonly take: () => ChildProcess;
  /** Its job is over, and it asks for another one. */
  readonly giveBack: (child: ChildProcess) => void;
  /** Whether the process was given back: whatever it does, it is no longer what it was taken for. */
  readonly hasAgain: (worker: ProcessIdentity) => Promise<boolean>;
  /** Starts one that waits, unless one does. It ends with this process, when nobody wants it for half an hour, and when `signal` aborts. */
  readonly prepare: () => void;
}

interface Waiting {
  readonly child: ChildProcess;
  readonly leaving: AbortController;
}

export function keepWorkers(
  { environment, runtime }: Pick<OperationSettings, 'environment' | 'runtime'>,
  { signal, sleep, now }: Pick<WorkContext, 'signal' | 'sleep' | 'now'>,
): Workers {
  /** The last one is taken first. */
  const waiting: Waiting[] = [];
  const again = new Set<number>();
  /** Ends what goes on for a process since it was taken. */
  const taken = new WeakMap<ChildProcess, AbortController>();

  function start(): ChildProcess {
    const child = forkWorker(environment);
    void lowerPriority(child.pid, { now, sleep });
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
    if (waiting.length > 0 || signal.aborted) return;
    const child = startIfPossible();
    if (child === undefined) return;
    const message: ToWorker = { type: 'prepare', runtime };
    if (child.connected) child.send(message, () => undefined);
    letWait(child, PATIENCE.unused);
  }

  function letWait(child: ChildProcess, patience: number): void {
    const own = { child, leaving: new AbortController() };
    const over = (): void => leave(own);
    child.once('exit', over).once('error', over);
    own.leaving.signal.addEventListener('abort', () => void child.off('exit', over).off('error', over));
    if (!child.connected) return;
    waiting.push(own);
    // By itself it keeps nobody from ending, and hears of it.
    child.unref();
    child.channel?.unref();
    void giveUp(own, patience);
  }

  function leave(own: Waiting): void {
    own.leaving.abort();
    const at = waiting.indexOf(own);
    if (at !== -1) waiting.splice(at, 1);
  }

  async function giveUp(unwanted: Waiting, patience: number): Promise<void> {
    await sleep(patience, AbortSignal.any([signal, unwanted.leaving.signal])).catch(() => undefined);
    if (!waiting.includes(unwanted)) return;
    leave(unwanted);
    if (unwanted.child.connected) unwanted.child.disconnect();
    if (patience === PATIENCE.used) prepare();
  }

  async function prepareNext(child: ChildProcess): Promise<void> {
    const over = new AbortController();
    taken.set(child, over);
    const ended = once(child, 'close', { signal: over.signal });
    await Promise.race([ended, sleep(PAUSE, AbortSignal.any([signal, over.signal]))]).catch(() => undefined);
    over.abort();
    await ended.catch(() => undefined);
    prepare();
  }

  return {
    prepare,
    // A container's agent may find the numbers of its predecessor's processes again.
    hasAgain: async ({ pid, startedAt }) => again.has(pid) && (await identityOf(pid))?.startedAt === startedAt,
    take() {
      const ready = waiting.findLast(({ child }) => child.connected);
      if (ready !== undefined) leave(ready);
      const worker = ready?.child ?? start();
      worker.ref();
      worker.channel?.ref();
      void prepareNext(worker);
      return worker;
    },
    giveBack(child) {
      const { pid = 0 } = child;
      if (!again.has(pid)) child.once('exit', () => again.delete(pid));
      again.add(pid);
      if (waiting.length < MOST_WAITING && !signal.aborted) letWait(child, PATIENCE.used);
      else if (child.connected) child.disconnect();
      taken.get(child)?.abort();
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
