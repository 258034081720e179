import { lstat, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { keptFiles, keptRows, sizeOfLeft } from '../../instance/earlier.ts';
import type { WorkContext } from '../../shared/context.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import { codeOf } from '../../shared/system.ts';
import type { CacheReport } from '../types.ts';
import type { UnitRow } from '../../state/types.ts';
import { dropUnwantedRows, sparesOf } from './earlier.ts';
import type { LocalHome } from './home.ts';
import { storePath, type LocalLayout } from './layout.ts';
import { holds, isLeased } from './lease.ts';

/** Bytes that may be kept of sources when nobody says otherwise. */
export const STORES_LIMIT = 10e9;
/** Milliseconds that the files of a source are kept for its next clone after its last one is gone. */
const KEPT_FOR = 24 * 3600 * 1000;
/** stat(2): a block is 512 bytes whatever the file system. */
const BLOCK = 512;
const REMOVING = '.removing';

interface Store {
  readonly path: string;
  /** What its removal would give back to the disk. */
  readonly bytes: number;
  /** Milliseconds: when a clone last put files into it. */
  readonly usedAt: number;
}

/** Bytes on disk that are kept of sources for their next clones, and that no clone needs. */
export async function storesSize(layout: LocalLayout): Promise<number> {
  return total(await listStores(layout));
}

/**
 * Removes what is kept of sources that have had no clone for a day (it is somebody's data), and, for as long as the rest takes
 * more room than the limit, first what is worth nothing but time, then all of those that have gone unused for longest. What a clone is being made or
 * reset from stays.
 */
export async function trimStores(home: LocalHome, context: Pick<WorkContext, 'now' | 'signal'>): Promise<CacheReport> {
  const limit = home.storesLimit ?? STORES_LIMIT;
  await dropUnwantedRows(home, context.now());
  const units = await home.state.units.list();
  const held = pathsOf(home.layout, units);
  const busy = pathsOf(
    home.layout,
    (await Promise.all(units.map(async (unit) => ((await isLeased(unit)) ? [unit] : [])))).flat(),
  );
  const stores = (await listStores(home.layout)).toSorted((a, b) => a.usedAt - b.usedAt);
  const before = total(stores);
  let left = before;
  const isOld = ({ path, usedAt }: Store): boolean => !held.has(path) && usedAt + KEPT_FOR < context.now();
  const isTooMuch = ({ path }: Store): boolean => left > limit && !busy.has(path);
  const remove = async (store: Store): Promise<void> => {
    context.signal.throwIfAborted();
    await removeStore(store.path);
    left -= store.bytes;
  };
  for (const store of stores.filter(isOld)) await remove(store);
  // For the sake of what is worth nothing but time nothing goes that would have to be moved once more.
  const rest: Store[] = [];
  for (const store of stores.filter((each) => !isOld(each))) {
    context.signal.throwIfAborted();
    const freed = isTooMuch(store) ? await dropSparesOf(store.path) : 0;
    left -= freed;
    rest.push({ ...store, bytes: store.bytes - freed });
  }
  // One that shares all of its files with a clone gives nothing back.
  for (const store of rest) if (store.bytes > 0 && isTooMuch(store)) await remove(store);
  return { freed_bytes: before - left, bytes: left, limit_bytes: limit };
}

const total = (stores: readonly Store[]): number => stores.reduce((sum, { bytes }) => sum + bytes, 0);

const pathsOf = (layout: LocalLayout, units: readonly UnitRow[]): ReadonlySet<string> =>
  new Set(units.filter(holds).map(({ clone }) => storePath(layout, clone.sourceUrl)));

async function listStores(layout: LocalLayout): Promise<readonly Store[]> {
  const names = await readdir(layout.stores).catch(() => []);
  const stores = await Promise.all(
    names.map(async (name) => {
      const path = join(layout.stores, name);
      const folder = await lstat(path).catch(() => undefined);
      // The removal of such a one was cut off.
      const usedAt = name.endsWith(REMOVING) ? Number.NEGATIVE_INFINITY : folder?.mtimeMs;
      return usedAt === undefined ? [] : [{ path, usedAt, bytes: await storeBytes(path) }];
    }),
  );
  return stores.flat();
}

/** Of thousands of files that a clone left their list is asked: this is called often. */
async function storeBytes(store: string): Promise<number> {
  const left = keptFiles(keptRows(store));
  return (await ownBytes(store, left)) + (await sizeOfLeft(left));
}

/** Without files that have another name elsewhere: packs are shared with the clones that were made of them. */
async function ownBytes(folder: string, without?: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && path !== without) bytes += await ownBytes(path, without);
    if (!entry.isFile()) continue;
    const file = await lstat(path).catch(() => undefined);
    if (file?.nlink === 1) bytes += file.blocks * BLOCK;
  }
  return bytes;
}

/** Returns about how many bytes they took. */
async function dropSparesOf(store: string): Promise<number> {
  const before = await storeBytes(store);
  for (const spare of sparesOf(keptRows(store))) await removeTree(spare);
  return before - (await storeBytes(store));
}

/** At once for whoever looks, so that a clone which begins now finds all of it or nothing. */
async function removeStore(path: string): Promise<void> {
  const aside = path.endsWith(REMOVING) ? path : `${path}${REMOVING}`;
  if (aside !== path) {
    await removeTree(aside);
    await rename(path, aside).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
  await removeTree(aside);
}
