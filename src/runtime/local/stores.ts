import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keptRows, keptTables } from '../../instance/earlier.ts';
import type { WorkContext } from '../../shared/context.ts';
import { codeOf } from '../../shared/system.ts';
import type { CacheReport } from '../types.ts';
import type { UnitRow } from '../../state/types.ts';
import { dropUnwantedRows } from './earlier.ts';
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
 * more room than the limit, first tables as files, then all of those that have gone unused for longest. What a clone is being made or
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
  // Tables as files are worth nothing but time: for their sake nothing goes that would have to be moved once more.
  const rest: Store[] = [];
  for (const store of stores.filter((each) => !isOld(each))) {
    context.signal.throwIfAborted();
    const freed = isTooMuch(store) ? await dropTables(store.path) : 0;
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
      return usedAt === undefined ? [] : [{ path, usedAt, bytes: await ownBytes(path) }];
    }),
  );
  return stores.flat();
}

/** Without files that have another name elsewhere: packs are shared with the clones that were made of them. */
async function ownBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (file?.nlink === 1) bytes += file.blocks * BLOCK;
  }
  return bytes;
}

/** Of rows that are kept in a store their tables as files. Returns how many bytes they took. */
async function dropTables(store: string): Promise<number> {
  const tables = keptTables(keptRows(store));
  const bytes = await ownBytes(tables);
  await rm(tables, { recursive: true, force: true });
  return bytes;
}

/** At once for whoever looks, so that a clone which begins now finds all of it or nothing. */
async function removeStore(path: string): Promise<void> {
  const aside = path.endsWith(REMOVING) ? path : `${path}${REMOVING}`;
  if (aside !== path) {
    await rm(aside, { recursive: true, force: true });
    await rename(path, aside).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
  await rm(aside, { recursive: true, force: true });
}
