import type { LocalHome } from './home.ts';
import { instancePaths, storePath } from './layout.ts';
import { type HeldUnit, holds } from './lease.ts';

/** A clone that is being made remembers nothing yet, and one may be of an older wpclone: so many are looked at. */
const MOST = 5;

/** Baselines of the other clones of a unit's source, the newest first. They may be removed at any moment. */
export async function earlierBaselines({ state, layout }: LocalHome, unit: HeldUnit): Promise<readonly string[]> {
  const source = storePath(layout, unit.clone.sourceUrl);
  return (await state.units.list())
    .filter(holds)
    .filter(({ name, clone }) => name !== unit.name && storePath(layout, clone.sourceUrl) === source)
    .toSorted((one, other) => other.clone.createdAt - one.clone.createdAt)
    .slice(0, MOST)
    .map(({ name }) => instancePaths(layout, name).baseline);
}
