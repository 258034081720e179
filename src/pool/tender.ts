import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import type { Runtime } from '../runtime/types.ts';
import { createPoolKeeper, type PoolKeeper, type PoolPass } from './keeper.ts';
import { createPoolMemory, type PoolMemory } from './memory.ts';
import { type PoolNote, readNote } from './note.ts';
import type { PoolSizes } from './sizes.ts';
import { readPoolSpec, resolvePoolSpec } from './spec.ts';

/** The documents of a pool: what is said of it, and what its keeper tells. */
export const SPEC = 'pool';
export const NOTE = 'pool-note';

export type PoolRuntime = Pick<Runtime, 'kind' | 'units' | 'documents' | 'mayTend'>;

export interface TenderOptions {
  readonly runtime: PoolRuntime;
  readonly settings: PoolSizes;
  /** Who keeps the pool, for people. */
  readonly name: string;
  /** Of one that looks again and again: called when there may be more to do. */
  readonly made?: () => void;
}

/** Keeps a pool, one look at a time, as long as this process may. */
export interface PoolTender {
  /** Undefined while it is another's to look. `waiting` clones are about to ask for a unit. */
  pass(waiting: number): Promise<PoolPass | undefined>;
  /** What is known; undefined before the first look. */
  note(): PoolNote | undefined;
  settled(): Promise<void>;
  /** Nobody keeps the pool any more: that is written down. */
  leave(): Promise<void>;
}

/** Milliseconds after which the note is written again although nothing has happened: it is also the sign of life. */
const SIGN_OF_LIFE = 20_000;

/** Nothing is read or written before the first look. */
export function createPoolTender({ runtime, settings, name, made }: TenderOptions, context: WorkContext): PoolTender {
  const { kind, units, documents } = runtime;
  let own: { readonly memory: PoolMemory; readonly keeper: PoolKeeper } | undefined;
  let written = '';
  let writtenAt = -Infinity;

  async function take(): Promise<NonNullable<typeof own>> {
    const memory = createPoolMemory(readNote(await documents.read(NOTE, context), context.now()));
    const again = made === undefined ? {} : { made, makesWay: true };
    return { memory, keeper: createPoolKeeper(units, context, { memory, ...again }) };
  }

  async function write(work: WorkContext): Promise<void> {
    const { memory } = own ?? {};
    if (memory === undefined) return;
    const note = memory.note();
    const news = JSON.stringify({ ...note, lookedAt: 0 });
    if (news === written && note.lookedAt - writtenAt < SIGN_OF_LIFE) return;
    await documents.change(NOTE, () => JSON.stringify(note), work);
    [written, writtenAt] = [news, note.lookedAt];
  }

  return {
    async pass(waiting) {
      if ((await runtime.mayTend?.(context)) === false) {
        own = undefined;
        return undefined;
      }
      own ??= await take();
      const { memory, keeper } = own;
      const stored = readPoolSpec(await documents.read(SPEC, context));
      const spec = resolvePoolSpec(stored, settings, kind, await units.phpVersions(context));
      const pass = await keeper.pass(spec, waiting);
      memory.keep({ keeper: name, lookedAt: context.now() });
      await write(context);
      return pass;
    },
    note: () => own?.memory.note(),
    settled: async () => own?.keeper.settled(),
    async leave() {
      own?.memory.keep({ keeper: null });
      // What made this process end must not keep it from saying so.
      await write({ ...context, signal: new AbortController().signal }).catch((error: unknown) => {
        context.log.debug('the end of the pool could not be noted', { error: toWpcloneError(error).message });
      });
      own = undefined;
    },
  };
}
