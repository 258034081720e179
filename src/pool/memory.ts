import type { UnitReport } from '../runtime/units.ts';
import { afterFailure, afterSuccess, CLOSED } from './breaker.ts';
import type { PoolEvent, PoolNote } from './note.ts';
import type { Demand } from './types.ts';

/** What a keeper remembers from one look to the next; it goes on with what the one before it had noted. */
export interface PoolMemory {
  readonly note: () => PoolNote;
  /**
   * Counts the clones that were begun since the last time, also when that was another keeper's: one that came and went in between nobody knows
   * of. Where nobody has written down which there were, those that are there at the first time count as counted.
   */
  observe(units: readonly UnitReport[], now: number): void;
  made(unit: { readonly name: string; readonly phpVersion: string }, milliseconds: number, now: number): void;
  failed(phpVersion: string, why: string, now: number): void;
  happened(event: PoolEvent): void;
  demand(phpVersion: string, waiting: number, now: number): Demand;
  keep(changes: Partial<Pick<PoolNote, 'keeper' | 'lookedAt' | 'sizes' | 'heldUp'>>): void;
}

/** Refills that are remembered: enough for one in twenty to count. */
const REFILLS = 40;
/** Milliseconds before anything is known. */
const GUESS = 5_000;
const EVENTS = 50;
const CLAIMS = 500;
const TEN_MINUTES = 600_000;
const HALF_MINUTE = 30_000;

/** The sub-pool of a unit: one of a runtime that does not tell which PHP it has is of ''. */
export const subPoolOf = ({ phpVersion }: Pick<UnitReport, 'phpVersion'>): string => phpVersion ?? '';

/** Goes on from what the keeper before this one has written down. */
export function createPoolMemory(before: PoolNote): PoolMemory {
  let note = before;
  let seen: ReadonlySet<string> | undefined = before.held === undefined ? undefined : new Set(before.held);
  const happened = (event: PoolEvent): void => {
    note = { ...note, events: [...note.events, event].slice(-EVENTS) };
  };
  const claimed = (unit: UnitReport, now: number): void => {
    // Of one that was begun while nobody looked: as long ago as is known.
    const at = Math.min(unit.stateSince, now);
    // Only those of the pool were ever proven.
    const warm = unit.provenAt !== undefined;
    const { counted } = note;
    note = {
      ...note,
      claims: [...note.claims, { at, php: subPoolOf(unit), warm }].slice(-CLAIMS),
      counted: { ...counted, ...(warm ? { warm: counted.warm + 1 } : { made: counted.made + 1 }) },
    };
    const why = warm ? 'a clone took it' : 'a clone found none that was ready';
    happened({ at: now, what: warm ? 'handed-out' : 'missed', unit: unit.name, why });
  };

  return {
    note: () => note,
    observe(units, now) {
      const held = units.filter(({ cloneId }) => cloneId !== undefined);
      for (const unit of held) if (seen?.has(keyOf(unit)) === false) claimed(unit, now);
      seen = new Set(held.map(keyOf));
      note = { ...note, held: [...seen] };
    },
    made({ name, phpVersion }, milliseconds, now) {
      const times = [...(note.refills[phpVersion] ?? []), milliseconds].slice(-REFILLS);
      note = {
        ...note,
        breakers: { ...note.breakers, [phpVersion]: afterSuccess() },
        refills: { ...note.refills, [phpVersion]: times },
      };
      const seconds = milliseconds / 1000;
      happened({ at: now, what: 'made', unit: name, why: `in ${seconds.toFixed(1)} s`, seconds });
    },
    failed(phpVersion, why, now) {
      const { [phpVersion]: breaker = CLOSED } = note.breakers;
      note = { ...note, breakers: { ...note.breakers, [phpVersion]: afterFailure(breaker, why, now) } };
      happened({ at: now, what: 'not-made', unit: null, why });
    },
    happened,
    demand(phpVersion, waiting, now) {
      const own = note.claims.filter(({ php }) => php === phpVersion);
      const since = (milliseconds: number): number => own.filter(({ at }) => now - at <= milliseconds).length;
      return {
        claimsTenMinutes: since(TEN_MINUTES),
        claimsHalfMinute: since(HALF_MINUTE),
        refillTime: percentile(note.refills[phpVersion] ?? [], 0.95) ?? GUESS,
        waiting,
      };
    },
    keep(changes) {
      note = { ...note, ...changes };
    },
  };
}

const keyOf = ({ name, cloneId }: UnitReport): string => `${name} ${cloneId}`;

/** So many of the numbers are at most this; undefined of none. */
export function percentile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
