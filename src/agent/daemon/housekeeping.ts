import type { Clock, WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { Operations } from '../../operations/types.ts';
import type { IsJobOver } from '../../runtime/types.ts';
import type { JobStore } from '../jobs/store.ts';
import { createClockGuard } from './clock-guard.ts';

/** Milliseconds between two looks at the runtime. */
const LOOK = 20_000;
/** Milliseconds between two clean-ups that no clone's end asks for. */
const REAP = 5 * 60_000;
/** The shortest sleep: a clone that cannot be removed must not keep the loop turning. */
const LEAST = 1_000;

export interface HouseOptions {
  readonly operations: Pick<Operations, 'dueTimes' | 'mayTend' | 'collectGarbage' | 'takeBack' | 'keepTables'>;
  readonly store: Pick<JobStore, 'prune'>;
  /** Milliseconds that a job is remembered after its end. */
  readonly rememberJobs: number;
  readonly monotonic: Clock;
  /** Called before each round. */
  readonly look: () => void;
  /** Whether nobody goes on with what was taken in a name. */
  readonly isOver: IsJobOver;
}

export interface House {
  /** Milliseconds since the runtime was last seen. */
  readonly unseen: () => number;
  /** A job failed: what may be left of it is taken back now. */
  failed(): void;
  /** Resolves when the present round is over. */
  stop(): Promise<void>;
}

/**
 * Removes clones at their end and what died ones left (the same code as `gc`), and forgets old jobs; for as long as it is not stopped.
 * Nothing is removed by one of several agents on the same clones that is not the one for it, nor while the clock cannot be believed, but for what jobs of this agent began that nobody goes on with.
 */
export function keepHouse(options: HouseOptions, context: WorkContext): House {
  const { operations, store, monotonic } = options;
  const stopped = new AbortController();
  const work = { ...context, signal: stopped.signal };
  const guard = createClockGuard(context.now, monotonic, context.log);
  let seenAt = monotonic();
  let reapedAt = -Infinity;
  /** A job that failed may have left something; so may those of an agent that died. */
  let hasFailed = true;
  let poked = false;
  let poke: () => void = () => undefined;

  const takeBack = async (): Promise<void> => {
    hasFailed = false;
    try {
      const removed = await operations.takeBack?.(options.isOver, work);
      if (removed !== undefined && removed.length > 0) context.log.info('taken back', { clones: removed });
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  const round = async (): Promise<number> => {
    options.look();
    const times = (await operations.dueTimes?.(work)) ?? [];
    seenAt = monotonic();
    const ends = times.map((time) => time - context.now());
    const due = ends.some((left) => left <= 0) || monotonic() - reapedAt >= REAP;
    if (hasFailed || due) await takeBack();
    const mayTend = (await operations.mayTend?.(work)) ?? true;
    if (guard.isSteady() && due && mayTend) {
      reapedAt = monotonic();
      await reap(operations, work);
      await store.prune(context.now() - options.rememberJobs);
    }
    await operations.keepTables?.(work);
    return Math.max(LEAST, Math.min(LOOK, ...ends.filter((left) => left > 0)));
  };
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      poked = false;
      const pause = await round().catch((error: unknown) => {
        if (!stopped.signal.aborted) context.log.warn('clearing up failed', { error: toWpcloneError(error).message });
        return LOOK;
      });
      if (poked) continue;
      const called = new Promise<void>((resolve) => (poke = resolve));
      await Promise.race([called, context.sleep(pause, stopped.signal).catch(() => undefined)]);
    }
  };
  const looping = loop();
  return {
    unseen: () => monotonic() - seenAt,
    failed() {
      hasFailed = true;
      poked = true;
      poke();
    },
    async stop() {
      stopped.abort();
      await looping;
    },
  };
}

async function reap(operations: HouseOptions['operations'], context: WorkContext): Promise<void> {
  const { removed, failed } = await operations.collectGarbage(context);
  if (removed.length > 0) context.log.info('removed', { clones: removed });
  for (const { clone_id: clone, code, message } of failed)
    context.log.warn('could not be removed', { clone, code, message });
}
