import { keptRows, keptTables } from '../../instance/earlier.ts';
import { isAccessible } from '../../shared/system.ts';
import { earlierPort } from './earlier.ts';
import type { LocalHome } from './home.ts';
import { storePath } from './layout.ts';
import { type HeldUnit, holds } from './lease.ts';
import { isFree } from './ports.ts';

/**
 * Gives a unit that was made for nobody the address of the removed clone of its source whose tables are kept as files, where that is free: at
 * another one they would have to be loaded. Its web server has to begin anew when this is another unit than was given.
 */
export async function toEarlierAddress(home: LocalHome, unit: HeldUnit): Promise<HeldUnit> {
  const { sourceUrl } = unit.clone;
  const port = await earlierPort(home, sourceUrl);
  if (port === undefined || port === unit.port || !(await isFree(port))) return unit;
  if (!(await isAccessible(keptTables(keptRows(storePath(home.layout, sourceUrl)))))) return unit;
  // Another unit may have it: then this one stays where it is.
  const only = { first: port, last: port, avoid: new Set<number>() };
  const moved = await home.state.units.move(unit, only).catch(() => undefined);
  return holds(moved) ? moved : unit;
}
