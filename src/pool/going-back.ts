import { MOST_USES } from './deadlines.ts';
import { isIdle, isOutdated } from './idle.ts';
import type { PoolSettings, PoolUnit } from './types.ts';

/** Units whose clone has ended, as far as there may be more that are idle: one that is ready already costs less than one that is to be made. */
export function goingBack(
  units: readonly PoolUnit[],
  staying: readonly PoolUnit[],
  settings: PoolSettings,
  now: number,
): readonly PoolUnit[] {
  const { recycle: again, mode, max, phpVersions } = settings;
  if (again === 'never' || mode !== 'running') return [];
  return phpVersions.flatMap((phpVersion) => {
    const idle = staying.filter((unit) => unit.phpVersion === phpVersion && isIdle(unit)).length;
    const over = units.filter(
      (unit) => unit.state === 'READY' && unit.phpVersion === phpVersion && !staying.includes(unit),
    );
    return over
      .filter((unit) => unit.recyclable && unit.uses < MOST_USES && !isOutdated(unit, settings, now))
      .toSorted((one, other) => other.createdAt - one.createdAt)
      .slice(0, Math.max(0, max - idle));
  });
}
