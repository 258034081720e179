import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDraft, isRows, keptRows, moveRows } from '../../instance/earlier.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { LocalHome } from './home.ts';
import { instancePaths, storePath } from './layout.ts';
import { type HeldUnit, holds } from './lease.ts';

/** A clone that is being made remembers nothing yet, and one may be of an older wpclone: so many are looked at. */
const MOST = 5;
/** Milliseconds: moving rows takes a moment, and one that was begun so long ago was cut off. */
const DRAFT_LIMIT = 3600 * 1000;

/** Baselines of the other clones of a unit's source, the newest first, and what is left of removed ones. All may go at any moment. */
export async function earlierBaselines({ state, layout }: LocalHome, unit: HeldUnit): Promise<readonly string[]> {
  const source = storePath(layout, unit.clone.sourceUrl);
  const living = (await state.units.list())
    .filter(holds)
    .filter(({ name, clone }) => name !== unit.name && storePath(layout, clone.sourceUrl) === source)
    .toSorted((one, other) => other.clone.createdAt - one.clone.createdAt)
    .slice(0, MOST)
    .map(({ name }) => instancePaths(layout, name).baseline);
  return [...living, keptRows(source)];
}

/**
 * Keeps the rows of a clone that is about to be removed, where that is wanted, with the files of its source: for a day, and within the
 * limit. One that was never ready leaves nothing.
 */
export async function keepRowsOf(
  home: LocalHome,
  unit: HeldUnit,
  context: Pick<WorkContext, 'signal' | 'log'>,
): Promise<void> {
  if (home.keepRows !== true || unit.clone.adminUsername === null) return;
  const { baseline } = instancePaths(home.layout, unit.name);
  const kept = keptRows(storePath(home.layout, unit.clone.sourceUrl));
  await moveRows(baseline, kept).catch((error: unknown) => {
    context.signal.throwIfAborted();
    // No removal fails for that.
    context.log.warn('rows were not kept', { unit: unit.name, error: String(error) });
  });
}

/** Removes rows that are kept although they are not to be, and what a removal that was cut off has left of them. `now` as in WorkContext. */
export async function dropUnwantedRows(
  { keepRows, layout }: Pick<LocalHome, 'keepRows' | 'layout'>,
  now: number,
): Promise<void> {
  for (const store of await readdir(layout.stores).catch(() => [])) {
    const names = await readdir(join(layout.stores, store)).catch(() => []);
    for (const name of names.filter(isRows)) {
      const path = join(layout.stores, store, name);
      if (keepRows === false || (isDraft(name) && (await isOlder(path, now - DRAFT_LIMIT))))
        await rm(path, { recursive: true, force: true });
    }
  }
}

const isOlder = async (path: string, time: number): Promise<boolean> =>
  lstat(path).then(
    ({ mtimeMs }) => mtimeMs < time,
    () => false,
  );
