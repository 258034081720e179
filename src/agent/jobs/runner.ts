import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { type LivingClone, requireStillOwn } from './clone-owners.ts';
import { endAttempt } from './ending.ts';
import type { ExecutionPort, Executor, JobOutcome } from './executor.ts';
import { keepJournal } from './journal.ts';
import type { ClaimedJob, JobStore } from './store.ts';
import type { ClaimLimits, JobOwner } from './types.ts';

export interface RunnerOptions {
  readonly store: JobStore;
  readonly executor: Executor;
  readonly owner: JobOwner;
  readonly limits: ClaimLimits;
  /** Jobs at once. */
  readonly concurrency: number;
  /** The clones that there are. */
  readonly clones: () => Promise<readonly LivingClone[]>;
  readonly work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>;
}

export interface Runner {
  /** Looks now: a job was handed in and may begin, or one is to stop. */
  wake(what: 'begin' | 'stop'): void;
  readonly running: () => number;
  /**
   * Takes no more jobs, lets those that run end for `limit` milliseconds, then gives the others back. Resolves when nothing runs any
   * more.
   */
  drain(limit: number): Promise<void>;
}

/** Milliseconds between two looks when nobody calls: the truth, where `wake` only saves time. */
const LOOK = 1_000;

/** Claims jobs and carries out as many at once as it may, until it is drained. */
export function startRunner(options: RunnerOptions): Runner {
  const { store, work } = options;
  const active = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();
  const [stopping, leaving] = [new AbortController(), new AbortController()];
  let poke: () => void = () => undefined;
  let poked = false;

  const begin = (claimed: ClaimedJob): void => {
    const controller = new AbortController();
    if (claimed.job.cancelRequested) controller.abort(cancelled());
    const done = carryOut(options, claimed, controller, leaving.signal)
      .catch((error: unknown) =>
        work.log.warn('a job could not be ended', { job: claimed.job.id, error: String(error) }),
      )
      .finally(() => {
        active.delete(claimed.job.id);
        look();
      });
    active.set(claimed.job.id, { controller, done });
  };
  const fill = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Who wants a job stopped does not wait until another has ended: to look at what it left takes no time and no source.
      const onlyToStop = active.size >= options.concurrency;
      const claimed = await store.claim(options.owner, { ...options.limits, onlyToStop });
      if (claimed === undefined) return;
      begin(claimed);
    }
  };
  const look = (): void => {
    poked = true;
    poke();
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      poked = false;
      await fill().catch((error: unknown) =>
        work.log.warn('the queue cannot be read', { error: toWpcloneError(error).message }),
      );
      await lookForCancelled(store, active, work);
      if (poked) continue;
      const called = new Promise<void>((resolve) => (poke = resolve));
      await Promise.race([called, work.sleep(LOOK, stopping.signal).catch(() => undefined)]);
    }
  };
  const looping = loop();

  return {
    wake(what) {
      // Where as many run as may, what was handed in waits: requests are not held up by a look at the queue for each of them.
      if (what === 'stop' || active.size < options.concurrency) look();
    },
    running: () => active.size,
    async drain(limit) {
      stopping.abort();
      look();
      await looping;
      const ended = Promise.all([...active.values()].map(({ done }) => done));
      await Promise.race([ended, work.sleep(limit)]);
      for (const { controller } of active.values()) controller.abort(released());
      leaving.abort();
      await Promise.all([...active.values()].map(({ done }) => done));
    },
  };
}

const cancelled = () => new WpcloneError('CANCELLED', 'Cancelled.');
const released = () => new WpcloneError('RELEASED', 'The agent stops; another goes on with the job.');

async function lookForCancelled(
  store: JobStore,
  active: ReadonlyMap<string, { readonly controller: AbortController }>,
  work: Pick<WorkContext, 'log'>,
): Promise<void> {
  for (const [id, { controller }] of active) {
    try {
      const job = await store.find(id);
      if (job?.cancelRequested === true) controller.abort(cancelled());
    } catch (error) {
      work.log.warn('the queue cannot be read', { error: toWpcloneError(error).message });
    }
  }
}

async function carryOut(
  options: RunnerOptions,
  claimed: ClaimedJob,
  controller: AbortController,
  leaving: AbortSignal,
): Promise<void> {
  const { store, executor, clones, work } = options;
  const { attempt } = claimed;
  const journal = keepJournal(store, claimed, work, (error) => controller.abort(error));
  const port: ExecutionPort = {
    signal: controller.signal,
    emit: journal.note,
    checkpoint: (value) => store.checkpoint(attempt, value),
  };
  const run = async (): Promise<JobOutcome> => {
    await requireStillOwn(store, claimed.job, clones);
    return executor.run(claimed, port);
  };
  const ending = await run().then(
    (outcome) => ({ ok: true as const, outcome }),
    (error: unknown) => ({ ok: false as const, error: toWpcloneError(error) }),
  );
  await journal.written().catch(() => undefined);
  await endAttempt(store, claimed, ending, controller.signal, leaving, work);
}
