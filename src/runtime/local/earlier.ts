import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addressOfRows, isDraft, isRows, keptFiles, keptRows, keptTables, moveRows } from '../../instance/earlier.ts';
import { isMarked, makeTableFiles } from '../../instance/table-files.ts';
import type { EarlierClone } from '../../instance/types.ts';
import type { WorkContext } from '../../shared/context.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import type { LocalHome } from './home.ts';
import { hasRoom, siteOf } from './instance-site.ts';
import { instancePaths, storePath } from './layout.ts';
import { type HeldUnit, holds } from './lease.ts';
import { FIRST_PORT, LAST_PORT } from './ports.ts';

/** A clone that is being made remembers nothing yet, and one may be of an older wpclone: so many are looked at. */
const MOST = 5;
/** Milliseconds: moving rows takes a moment, and one that was begun so long ago was cut off. */
const DRAFT_LIMIT = 3600 * 1000;

/** The other clones of a unit's source, the newest first, and what is left of removed ones. All may go at any moment. */
export async function earlierClones({ state, layout }: LocalHome, unit: HeldUnit): Promise<readonly EarlierClone[]> {
  const source = storePath(layout, unit.clone.sourceUrl);
  const living = (await state.units.list())
    .filter(holds)
    .filter(({ name, clone }) => name !== unit.name && storePath(layout, clone.sourceUrl) === source)
    .toSorted((one, other) => other.clone.createdAt - one.clone.createdAt)
    .slice(0, MOST)
    .map(({ name }) => ({ baseline: instancePaths(layout, name).baseline }));
  const kept = keptRows(source);
  return [...living, { baseline: kept, tables: keptTables(kept), files: keptFiles(kept) }];
}

/** The port that a removed clone of the source had whose rows are kept: at the same address its tables can be used as they are. */
export async function earlierPort({ layout }: LocalHome, sourceUrl: string): Promise<number | undefined> {
  const port = Number((await addressOfRows(keptRows(storePath(layout, sourceUrl))))?.port);
  return port >= FIRST_PORT && port <= LAST_PORT ? port : undefined;
}

/**
 * Keeps the rows of a clone that is about to be removed, where that is wanted, with the files of its source: for a day, and within the
 * limit. One that was never ready leaves nothing. Nobody may be writing to its files any more.
 */
export async function keepRowsOf(
  home: LocalHome,
  unit: HeldUnit,
  context: Pick<WorkContext, 'signal' | 'log'>,
): Promise<void> {
  if (home.keepRows !== true || unit.clone.adminUsername === null) return;
  const site = siteOf(home.layout, unit);
  const tables = site.tableFiles.kept;
  const kept = keptRows(storePath(home.layout, unit.clone.sourceUrl));
  // No removal fails for any of it.
  const failed = (what: string) => (error: unknown) => {
    context.signal.throwIfAborted();
    context.log.warn(what, { unit: unit.name, error: String(error) });
  };
  // A clone that lived shortly has none yet, and what it changed since it was made is none for the next one.
  if (await isMarked(site.tableFiles))
    await makeTableFiles(site, context.signal).catch(failed('tables were not kept as files'));
  const { baseline, www } = site.paths;
  // They lie in the packs too: only where there is room for more.
  const files = (await hasRoom(home.layout, 0).catch(() => false)) ? { www } : {};
  await moveRows({ baseline, tables, ...files }, kept, context.signal).catch(failed('rows were not kept'));
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
      if (keepRows === false || (isDraft(name) && (await isOlder(path, now - DRAFT_LIMIT)))) await removeTree(path);
    }
  }
}

/** Of rows that are kept all that is worth nothing but time: their tables as files, and the clone's files. */
export const sparesOf = (kept: string): readonly string[] => [keptTables(kept), keptFiles(kept)];

/** Rows stay: they are fewer bytes, and all that is needed. */
export async function dropSpares({ layout }: Pick<LocalHome, 'layout'>): Promise<void> {
  for (const store of await readdir(layout.stores).catch(() => []))
    for (const spare of sparesOf(keptRows(join(layout.stores, store)))) await removeTree(spare);
}

const isOlder = async (path: string, time: number): Promise<boolean> =>
  lstat(path).then(
    ({ mtimeMs }) => mtimeMs < time,
    () => false,
  );
