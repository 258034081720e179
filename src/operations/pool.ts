import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { isKept, type PoolNote, readNote } from '../pool/note.ts';
import { poolReport, type PoolReport } from '../pool/report.ts';
import { createPoolTender, NOTE, type PoolRuntime, SPEC } from '../pool/tender.ts';
import { readPoolSpec, refuseLacking, type StoredPoolSpec, resolvePoolSpec } from '../pool/spec.ts';
import type { PoolSizes } from './pool-sizes.ts';
import type { Resources } from './resources.ts';
import type { OperationSettings } from './settings.ts';

export type { PoolReport };

/** What can be done to a pool as a whole. */
export const POOL_ACTIONS = ['pause', 'resume', 'drain', 'reset'] as const;
export type PoolAction = (typeof POOL_ACTIONS)[number];

/** The units of a runtime that wait for clones. */
export interface PoolOperations {
  status(context: WorkContext): Promise<PoolReport>;
  /** Says how large it is to be. Throws BAD_INPUT. */
  set(sizes: PoolSizes, context: WorkContext): Promise<PoolReport>;
  /**
   * `pause`: nothing is made; `drain`: what holds no clone is removed too; `resume` ends both; `reset`: every unit that neither holds a
   * clone nor is worked on is replaced.
   */
  act(action: PoolAction, context: WorkContext): Promise<PoolReport>;
  /** The logs of one unit. Throws NOT_FOUND. */
  logs(unit: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
}

const CHANGES: Readonly<Record<PoolAction, (now: number) => Partial<StoredPoolSpec>>> = {
  pause: () => ({ mode: 'paused' }),
  resume: () => ({ mode: 'running' }),
  drain: () => ({ mode: 'draining' }),
  reset: (now) => ({ madeAfter: now }),
};

/** `changed`: what was said of the pool is to be done by this process; without it whoever keeps the pool does it, or else this call. */
export function createPoolOperations(
  settings: Pick<OperationSettings, 'pool'>,
  resources: Resources,
  changed?: () => void,
): PoolOperations {
  const sizes = settings.pool ?? {};

  async function change(next: (before: StoredPoolSpec) => StoredPoolSpec, context: WorkContext): Promise<PoolReport> {
    const runtime = await resources.runtime(context);
    const versions = await runtime.units.phpVersions(context);
    const said = (before: string | undefined): string => {
      const earlier = readPoolSpec(before);
      const spec = next(earlier);
      // What cannot be is not written.
      const whole = resolvePoolSpec(spec, sizes, runtime.kind, versions);
      if (spec.php !== earlier.php) refuseLacking(whole, versions);
      if (spec.recycle === 'always' && earlier.recycle !== 'always' && runtime.units.recycle === undefined)
        throw cannotRecycle();
      return JSON.stringify(spec);
    };
    await runtime.documents.change(SPEC, said, context);
    if (changed === undefined) await doItWhereNobodyDoes(runtime, sizes, context);
    else changed();
    return report(runtime, sizes, context);
  }

  return {
    status: async (context) => report(await resources.runtime(context), sizes, context),
    set: (more, context) => change((before) => ({ ...before, ...more }), context),
    act: (action, context) => change((before) => ({ ...before, ...CHANGES[action](context.now()) }), context),
    async *logs(unit, options, context) {
      yield* (await resources.runtime(context)).units.logs(unit, options, context);
    },
  };
}

async function report(runtime: PoolRuntime, sizes: PoolSizes, context: WorkContext): Promise<PoolReport> {
  const { kind, units, documents } = runtime;
  const [stored, note, versions, revision, present] = await Promise.all([
    documents.read(SPEC, context),
    noteOf(runtime, context),
    units.phpVersions(context),
    units.revision(context),
    units.list(context),
  ]);
  const spec = resolvePoolSpec(readPoolSpec(stored), sizes, kind, versions);
  const recycle = units.recycle === undefined ? 'never' : spec.recycle;
  return poolReport({ kind, spec: { ...spec, recycle }, revision, units: present, note, now: context.now() });
}

const cannotRecycle = (): WpcloneError =>
  new WpcloneError(
    'BAD_INPUT',
    'Here no instance can be used again: that is for Kubernetes, with the database of wpclone’s own image.',
  );

const noteOf = async ({ documents }: PoolRuntime, context: WorkContext): Promise<PoolNote> =>
  readNote(await documents.read(NOTE, context), context.now());

/** Looks in a row; what is not done by then is left to whoever keeps the pool next. */
const MOST_LOOKS = 50;

/** Without an agent, what was said is done once, here and now: units are there for the next clones, whoever makes those. */
async function doItWhereNobodyDoes(runtime: PoolRuntime, settings: PoolSizes, context: WorkContext): Promise<void> {
  if (isKept(await noteOf(runtime, context), context.now())) return;
  const tender = createPoolTender({ runtime, settings, name: 'a command' }, context);
  try {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const pass = await tender.pass(0);
      await tender.settled();
      if (pass === undefined || !pass.deeds.some(({ outcome }) => outcome === 'begun' || outcome === 'done')) return;
    }
  } finally {
    await tender.leave();
  }
}
