import { OLDEST } from './deadlines.ts';
import type { PoolSettings, PoolUnit } from './types.ts';

/** Nobody's, or about to be. */
export const isIdle = ({ state, held }: PoolUnit): boolean =>
  state === 'CREATING' || state === 'VALIDATING' || state === 'WARM' || (state === 'RESETTING' && !held);

export const isOutdated = (unit: PoolUnit, settings: PoolSettings, now: number): boolean =>
  unit.revision !== settings.revision || isOfBeforeReset(unit, settings, now) || now - unit.createdAt > OLDEST;

/** A reset that is still to come was asked for by a clock ahead of ours: until then each new unit would be taken for an old one, without end. */
const isOfBeforeReset = ({ createdAt }: PoolUnit, { madeAfter }: PoolSettings, now: number): boolean =>
  madeAfter <= now && createdAt < madeAfter;

/** In words, of one that is. */
export function whyOutdated({ revision, createdAt }: PoolUnit, settings: PoolSettings): string {
  if (revision !== settings.revision) return 'it was made from something older';
  return createdAt < settings.madeAfter ? 'the pool is being reset' : 'it is a day old';
}
