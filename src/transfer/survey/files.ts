import type { ManifestEntry, SiteClient } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { filesFolder, readManifest, type FileRecord } from '../baseline/files.ts';
import { readFilesOrigin } from '../origin/ledger.ts';

/** A file of the source, by the folder it lies in and its path there. */
export interface SourceFile {
  readonly root: string;
  readonly path: string;
  /** Bytes, as it was listed; 0 when it is gone. */
  readonly size: number;
}

export interface FilesFinding {
  /** Their size or a time is another, or they changed while they were copied: what they hold may be the same. */
  readonly changed: readonly SourceFile[];
  readonly gone: readonly SourceFile[];
  /** Files that the clone does not have: new, or left out of it. */
  readonly others: readonly SourceFile[];
  readonly same: number;
}

/** What a clone knows of the files that it was made with. */
export interface RememberedFiles {
  /** By place. */
  readonly files: ReadonlyMap<string, FileRecord>;
  /** What the source was not asked for. */
  readonly exclude: readonly string[];
}

/** Undefined when the clone remembers nothing. */
export async function rememberedFiles(baseline: string): Promise<RememberedFiles | undefined> {
  const origin = await readFilesOrigin(baseline);
  if (!origin) return undefined;
  const files = new Map<string, FileRecord>();
  for await (const record of readManifest(filesFolder(baseline)))
    if (record.kind === 'file') files.set(record.place, record);
  return { files, exclude: origin.exclude };
}

/** Asks a live site which of its files changed since a clone was made of it, by size and times. Throws what the client throws. */
export async function surveyFiles(
  { files, exclude }: RememberedFiles,
  client: Pick<SiteClient, 'manifest'>,
  info: SiteInfo,
  signal: AbortSignal,
): Promise<FilesFinding> {
  const kept = new Map([...files.values()].map((record) => [nameOf(record.source), record]));
  const changed: SourceFile[] = [];
  const others: SourceFile[] = [];
  let same = 0;
  const roots = info.roots.map(({ id }) => id);
  for await (const entries of client.manifest({ roots, exclude }, signal)) {
    for (const entry of entries.filter(({ kind }) => kind === 'file')) {
      const record = kept.get(nameOf(entry));
      kept.delete(nameOf(entry));
      if (record === undefined) others.push({ root: entry.root, path: entry.path, size: entry.size });
      else if (isAsItWas(record, entry)) same += 1;
      else changed.push({ root: entry.root, path: entry.path, size: entry.size });
    }
  }
  const gone = [...kept.values()].map(({ source: { root, path } }) => ({ root, path, size: 0 }));
  return { changed, gone, others, same };
}

const nameOf = ({ root, path }: Pick<SourceFile, 'root' | 'path'>): string => `${root}\0${path}`;

const isAsItWas = ({ source, young }: FileRecord, entry: ManifestEntry): boolean =>
  young !== true && source.size === entry.size && source.mtime === entry.mtime && source.ctime === entry.ctime;
