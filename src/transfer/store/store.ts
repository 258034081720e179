import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { codeOf } from '../../shared/system.ts';
import { notedPath, notePacks, packFacts, packsOf, readNotedPacks } from './packs.ts';
import {
  filesFolder,
  manifestPath,
  packFolder,
  packPath,
  readManifest,
  type FileRecord,
  type PackedBody,
} from '../baseline/files.ts';

/**
 * What is kept between clones of one source: the last manifest and the packs it names. A pack is one file with two names
 * (hard links), one here and one in each baseline that needs it, so that neither has to know who else does.
 */
export interface KeptFiles {
  /** What the last clone found under a root and path; undefined when there is nothing that may be used again. */
  find(file: {
    readonly root: string;
    readonly path: string;
    readonly size: number;
    readonly mtime: number;
    readonly ctime: number;
  }): FileRecord | undefined;
  /** Nobody has written to the pack since all of it was what it should be. */
  isAsWritten(pack: string): boolean;
  /** A body in the pack is not what it should be. */
  damaged(pack: string): void;
  /** Less than half of the pack is still in use: take bodies out of it instead of keeping it alive. */
  isSparse(pack: string): boolean;
  /** Its packs with their facts, see `packFacts`; without any once they are known to be damaged. */
  readonly packs: ReadonlyMap<string, string | undefined>;
}

const keyOf = (file: { readonly root: string; readonly path: string }): string => `${file.root}\0${file.path}`;

/** Nothing that may be used again. */
export const nothingKept = (): KeptFiles => kept(new Map(), new Set(), new Map(), new Map());

/** Reads the last manifest and gives the baseline its names of the packs. Nothing is kept where links cannot be made. */
export async function openStore(store: string | undefined, baseline: string): Promise<KeptFiles> {
  if (store === undefined) return nothingKept();
  const records = new Map<string, FileRecord>();
  const live = new Map<string, number>();
  for await (const record of readManifest(store)) {
    if (record.kind !== 'file') continue;
    records.set(keyOf(record.source), record);
    for (const body of bodiesOf(record)) live.set(body.pack, (live.get(body.pack) ?? 0) + body.size);
  }
  const sparse = new Set<string>();
  const missing = new Set<string>();
  const noted = await readNotedPacks(store);
  const packs = new Map<string, string>();
  for (const [pack, used] of live) {
    // Its name in the store may go at any moment, when another clone of the source has its files.
    const own = packPath(filesFolder(baseline), pack);
    const linked = await link(packPath(store, pack), own).then(
      () => true,
      () => false,
    );
    if (!linked) missing.add(pack);
    else if ((await stat(own)).size > 2 * used) sparse.add(pack);
    if (linked) packs.set(pack, await packFacts(filesFolder(baseline), pack));
  }
  for (const [key, record] of records) if (missing.has(record.body.pack)) records.delete(key);
  return kept(records, sparse, packs, noted);
}

function kept(
  records: ReadonlyMap<string, FileRecord>,
  sparse: ReadonlySet<string>,
  packs: Map<string, string | undefined>,
  noted: ReadonlyMap<string, string>,
): KeptFiles {
  return {
    find: (file) => {
      const record = records.get(keyOf(file));
      const { source } = record ?? {};
      const same = source?.size === file.size && source.mtime === file.mtime && source.ctime === file.ctime;
      return same && !record?.young ? record : undefined;
    },
    isSparse: (pack) => sparse.has(pack),
    isAsWritten: (pack) => packs.get(pack) !== undefined && packs.get(pack) === noted.get(pack),
    damaged: (pack) => void packs.set(pack, undefined),
    packs,
  };
}

const bodiesOf = (record: FileRecord): PackedBody[] =>
  record.rewritten ? [record.body, record.rewritten] : [record.body];

/**
 * Makes a finished baseline the one that the next clone of the source compares with. Where links between the two folders
 * cannot be made, nothing is kept. `reused` as in KeptFiles.
 */
export async function publishToStore(
  store: string | undefined,
  baseline: string,
  reused: KeptFiles['packs'],
): Promise<void> {
  const folder = filesFolder(baseline);
  const packs = await dropUnused(folder);
  await notePacks(folder, reused);
  if (store === undefined) return;
  await mkdir(packFolder(store), { recursive: true, mode: 0o700 });
  for (const pack of packs) {
    const failed = await link(packPath(folder, pack), packPath(store, pack)).then(
      () => undefined,
      (error: unknown) => codeOf(error) ?? 'UNKNOWN',
    );
    if (failed !== undefined && failed !== 'EEXIST') return;
  }
  const drafts = [notedPath, manifestPath].map((path): [string, string, string] => [
    path(folder),
    `${path(store)}.${randomUUID()}`,
    path(store),
  ]);
  // Another clone of the source that ended at this moment has taken the draft for a leftover: the next one compares with that clone.
  // Or the store is gone, for want of room.
  const publish = async () => {
    for (const [from, draft, to] of drafts) {
      await copyFile(from, draft);
      await rename(draft, to);
    }
  };
  await publish().catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  await collectStore(store);
}

/** Removes what no manifest names any more: packs of earlier clones and drafts of interrupted ones. */
async function collectStore(store: string): Promise<void> {
  await dropUnused(store);
  for (const name of await readdir(store).catch(() => []))
    if (/^(manifest\.jsonl|packs\.json)\./.test(name)) await rm(`${store}/${name}`, { force: true });
}

/** Returns the packs that are used. */
async function dropUnused(folder: string): Promise<ReadonlySet<string>> {
  const used = await packsOf(folder);
  for (const name of await readdir(packFolder(folder)).catch(() => []))
    if (!used.has(name.replace(/\.pack$/, ''))) await rm(`${packFolder(folder)}/${name}`, { force: true });
  return used;
}
