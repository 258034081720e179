import type { PoolAction, PoolUnit } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long a unit may be in a state that has no deadline of its own, in milliseconds. */
export const LIMITS = {
  CREATING: 5 * MINUTE,
  VALIDATING: MINUTE,
  RESETTING: MINUTE,
  ASSIGNED: 5 * MINUTE,
  QUARANTINED: HOUR,
} as const;
/** A WARM unit is replaced when it is this old: what it has warmed up decays, and nobody has looked at it for long. */
export const OLDEST = 24 * HOUR;
/** How often a WARM unit is asked whether it still answers. */
export const PROBE_EVERY = 30_000;
/** Units kept in quarantine for people to look at; more would only take room. */
export const MOST_QUARANTINED = 3;
/** Clones that one unit may hold, one after the other. */
export const MOST_USES = 10;

/** What must be done about a unit because its time in a state is over; undefined when it is not. */
export function overdue(unit: PoolUnit, now: number): PoolAction | undefined {
  const retire = (why: string): PoolAction => ({ do: 'retire', unit: unit.name, why });
  if (now <= (unit.deadline ?? unit.since + limitOf(unit))) return undefined;
  if (unit.leased && unit.state !== 'CREATING' && unit.state !== 'VALIDATING') return undefined;
  const actions: Record<PoolUnit['state'], PoolAction | undefined> = {
    // Held while there is no room: another one would wait for the same.
    CREATING: unit.unschedulable ? undefined : retire('it was not made in time'),
    VALIDATING: { do: 'quarantine', unit: unit.name, why: 'it did not show in time that it can be handed out' },
    WARM: undefined,
    ASSIGNED: retire('its claim was not finished'),
    READY: retire('the time of its clone is over'),
    RESETTING: retire('its reset was not finished: nobody knows what is left in it'),
    QUARANTINED: retire('nobody looked at it in time'),
    DELETING: retire('it is to go'),
  };
  return actions[unit.state];
}

function limitOf({ state }: PoolUnit): number {
  if (state === 'WARM' || state === 'READY') return Infinity;
  return state === 'DELETING' ? 0 : LIMITS[state];
}
