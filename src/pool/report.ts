import { z } from 'zod';
import type { RuntimeKind } from '../runtime/facts.ts';
import { UNIT_STATES } from '../runtime/unit-states.ts';
import type { UnitReport } from '../runtime/units.ts';
import type { ResolvedPoolSpec } from './spec.ts';
import { percentile, subPoolOf } from './memory.ts';
import { isKept, type PoolNote } from './note.ts';
import { HELD_BY } from './size.ts';

const share = z.object({ from_pool: z.number(), made: z.number() });

/** A pool as `pool status` and the API tell of it. */
export const poolReportSchema = z.object({
  runtime: z.enum(['local', 'kubernetes']),
  mode: z.enum(['running', 'paused', 'draining']),
  min: z.number(),
  max: z.number(),
  most: z.number(),
  recycle: z.enum(['always', 'never']),
  /** Who keeps it; null when nobody does, so that nothing is made or removed ahead. */
  kept_by: z.string().nullable(),
  looked_at: z.string().nullable(),
  /** What units are made from now. */
  revision: z.string(),
  /** Why nothing is made now; null when nothing keeps it from that. */
  held_up: z.string().nullable(),
  sub_pools: z
    .array(
      z.object({
        /** Empty where the runtime does not tell of it. */
        php: z.string(),
        warm: z.number(),
        making: z.number(),
        /** Null while nobody has worked it out. */
        wanted: z.number().nullable(),
        /** Why as many as that. */
        why: z.string().nullable(),
        /** Time to make one lately; null when none was made. */
        refill_seconds: z.object({ median: z.number(), p95: z.number() }).nullable(),
      }),
    )
    .readonly(),
  units: z
    .array(
      z.object({
        name: z.string(),
        state: z.enum(UNIT_STATES),
        php: z.string(),
        revision: z.string(),
        /** Whether it is made from what units are made from now. */
        current: z.boolean(),
        uses: z.number(),
        created_at: z.string(),
        state_since: z.string(),
        clone_id: z.string().nullable(),
      }),
    )
    .readonly(),
  /** Clones that got a unit of the pool, and those that had one made, since `since` and in the last hour. */
  clones: z.object({ since: z.string(), ...share.shape, last_hour: share }),
  /** Oldest first. */
  events: z
    .array(z.object({ at: z.string(), what: z.string(), unit: z.string().nullable(), why: z.string() }))
    .readonly(),
});
export type PoolReport = z.infer<typeof poolReportSchema>;

const HOUR = 3_600_000;
const EVENTS = 20;

export interface PoolFacts {
  readonly kind: RuntimeKind;
  readonly spec: ResolvedPoolSpec;
  readonly revision: string;
  readonly units: readonly UnitReport[];
  readonly note: PoolNote;
  readonly now: number;
}

/** The pool as the commands and the API show it. Pure. */
export function poolReport({ kind, spec, revision, units, note, now }: PoolFacts): PoolReport {
  const kept = isKept(note, now);
  const hour = note.claims.filter(({ at }) => now - at <= HOUR);
  const warm = hour.filter((claim) => claim.warm).length;
  return {
    runtime: kind,
    mode: spec.mode,
    min: spec.min,
    max: spec.max,
    most: spec.most,
    recycle: spec.recycle,
    kept_by: kept ? note.keeper : null,
    looked_at: note.lookedAt === 0 ? null : iso(note.lookedAt),
    revision,
    held_up: kept ? heldUp(note, spec) : null,
    sub_pools: [
      ...spec.phpVersions.map((php) =>
        subPool(php, { units: inSubPools(units, spec), note: noteFor(note, spec), revision }),
      ),
      ...spec.lacking.map(emptySubPool),
    ],
    units: units.map((unit) => ({
      name: unit.name,
      state: unit.state,
      php: subPoolOf(unit),
      revision: unit.revision,
      current: unit.revision === revision,
      uses: unit.uses,
      created_at: iso(unit.createdAt),
      state_since: iso(unit.stateSince),
      clone_id: unit.cloneId ?? null,
    })),
    clones: {
      since: iso(note.counted.since),
      from_pool: note.counted.warm,
      made: note.counted.made,
      last_hour: { from_pool: warm, made: hour.length - warm },
    },
    events: note.events.slice(-EVENTS).map(({ at, what, unit, why }) => ({ at: iso(at), what, unit, why })),
  };
}

/** What was said a moment ago holds from now on, though nobody has looked at the pool since. */
function heldUp({ heldUp: seen }: PoolNote, { mode }: ResolvedPoolSpec): string | null {
  if (mode !== 'running') return HELD_BY[mode];
  return seen === HELD_BY.paused || seen === HELD_BY.draining ? null : seen;
}

function noteFor(note: PoolNote, { mode }: ResolvedPoolSpec): PoolNote {
  const drained = { units: 0, why: HELD_BY.draining };
  const sizes = Object.entries(note.sizes).flatMap(([php, size]) => {
    if (mode === 'draining') return [[php, drained] as const];
    return size.why === HELD_BY.draining ? [] : [[php, size] as const];
  });
  return { ...note, sizes: Object.fromEntries(sizes) };
}

/** Whose PHP is still being chosen is of the usual one, most likely. */
const inSubPools = (units: readonly UnitReport[], { phpVersions: [usual] }: ResolvedPoolSpec): readonly UnitReport[] =>
  units.map((unit) => (unit.phpVersion === undefined && usual !== undefined ? { ...unit, phpVersion: usual } : unit));

const emptySubPool = ({ php, why }: ResolvedPoolSpec['lacking'][number]): PoolReport['sub_pools'][number] => ({
  php,
  warm: 0,
  making: 0,
  wanted: 0,
  why,
  refill_seconds: null,
});

function subPool(php: string, { units, note, revision }: Pick<PoolFacts, 'units' | 'note' | 'revision'>) {
  const own = units.filter((unit) => subPoolOf(unit) === php && unit.cloneId === undefined);
  const many = (...states: readonly UnitReport['state'][]): number =>
    own.filter((unit) => states.includes(unit.state) && unit.revision === revision).length;
  const size = note.sizes[php];
  const times = note.refills[php] ?? [];
  const seconds = (quantile: number): number => Math.round((percentile(times, quantile) ?? 0) / 10) / 100;
  return {
    php,
    warm: many('WARM'),
    making: many('CREATING', 'VALIDATING', 'RESETTING'),
    wanted: size?.units ?? null,
    why: size?.why ?? null,
    refill_seconds: times.length === 0 ? null : { median: seconds(0.5), p95: seconds(0.95) },
  };
}

const iso = (time: number): string => new Date(time).toISOString();
