import { hostname } from 'node:os';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import type { PoolPass } from '../../pool/keeper.ts';
import type { PoolNote } from '../../pool/note.ts';
import { createPoolTender, type PoolRuntime, type PoolTender } from '../../pool/tender.ts';
import type { PoolSizes } from '../../pool/sizes.ts';
import { createBell } from '../jobs/bell.ts';

/** Milliseconds between two looks where units tell when they change, and where they do not. */
const WATCHED = 10_000;
const UNWATCHED = 1_000;
/** Where nothing is to be kept and nothing is there: what is said of the pool comes with a bell. */
const QUIET = 20_000;
/** Milliseconds between two looks at the least, and after one that failed. */
const LEAST = 100;
const FAILED = 10_000;

export interface PoolLoopOptions {
  readonly runtime: (context: WorkContext) => Promise<PoolRuntime>;
  readonly sizes: PoolSizes;
  /** Clones that are about to ask for a unit. */
  readonly waiting: () => Promise<number>;
  /** Hears of each look. */
  readonly looked: (pass: PoolPass, note: PoolNote) => void;
}

/** Keeps the pool for as long as it is not stopped. */
export interface PoolLoop {
  /** Looks again at once. */
  readonly kick: () => void;
  /** Resolves when what was being made is made or gone. */
  stop(): Promise<void>;
}

export function keepPool(options: PoolLoopOptions, context: WorkContext): PoolLoop {
  const stopped = new AbortController();
  const work = { ...context, signal: stopped.signal };
  const bell = createBell(context);
  let [failing, rung] = ['', false];
  const kick = (): void => {
    rung = true;
    bell.ring();
  };

  async function look(tender: PoolTender): Promise<PoolPass | undefined> {
    const pass = await tender.pass(await options.waiting());
    const note = tender.note();
    if (pass !== undefined && note !== undefined) options.looked(pass, note);
    return pass;
  }

  async function loop(): Promise<void> {
    let tender: PoolTender | undefined;
    let pause = UNWATCHED;
    while (!stopped.signal.aborted) {
      rung = false;
      try {
        const runtime = await options.runtime(work);
        if (tender === undefined) {
          tender = createPoolTender({ runtime, settings: options.sizes, name: nameOfProcess(), made: kick }, work);
          if (runtime.units.watch !== undefined) void follow(runtime, kick, work);
        }
        const pass = await look(tender);
        [pause, failing] = [pauseAfter(pass, runtime.units.watch !== undefined), ''];
      } catch (error) {
        const { message } = toWpcloneError(error);
        if (!stopped.signal.aborted && message !== failing)
          context.log.warn('the pool is not kept', { error: message });
        [pause, failing] = [FAILED, message];
      }
      await context.sleep(LEAST, stopped.signal).catch(() => undefined);
      // What happened during the look is looked at too.
      if (!rung) await bell.next(pause, stopped.signal);
    }
    await tender?.settled();
    await tender?.leave();
  }

  const looping = loop();
  return {
    kick,
    async stop() {
      stopped.abort();
      await looping;
    },
  };
}

function pauseAfter(pass: PoolPass | undefined, watched: boolean): number {
  const { again = 0 } = pass?.plan ?? {};
  if (watched) return again > 0 ? Math.min(again, WATCHED) : WATCHED;
  return pass === undefined || isQuiet(pass) ? QUIET : UNWATCHED;
}

/** No unit is ever wanted, and none is there that could go out of date. Clones that come and go are seen late, which costs nobody anything. */
const isQuiet = ({ spec, units }: PoolPass): boolean =>
  spec.max === 0 && units.every(({ state }) => state === 'ASSIGNED' || state === 'READY' || state === 'RESETTING');

/** One that ends, because the cluster was away, is begun again; looks go on meanwhile. */
async function follow({ units }: PoolRuntime, changed: () => void, work: WorkContext): Promise<void> {
  while (!work.signal.aborted) {
    await units.watch?.(changed, work).catch(() => undefined);
    await work.sleep(FAILED, work.signal).catch(() => undefined);
  }
}

const nameOfProcess = (): string => `the agent on ${hostname()} (process ${process.pid})`;
