import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openWhole, readLines, type WholeLines } from '../lines.ts';

/** A body in a pack: `pack` is the pack's id. */
export interface PackedBody {
  readonly pack: string;
  readonly offset: number;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** One line of a manifest. */
export interface FileRecord {
  readonly kind: 'file';
  /** The path under the document root. */
  readonly place: string;
  /** Permission bits at the source. */
  readonly mode: number;
  /** What tells at the next clone whether it has changed: where it was and the facts at the source. */
  readonly source: {
    readonly root: string;
    readonly path: string;
    readonly size: number;
    readonly mtime: number;
    readonly ctime: number;
  };
  /** The body as it is at the source. */
  readonly body: PackedBody;
  /** The body as it is in the clone, when URLs in it were rewritten. */
  readonly rewritten?: PackedBody;
  /** It changed so shortly before it was listed that another change would not show: to be fetched again. */
  readonly young?: boolean;
}

export interface FolderRecord {
  readonly kind: 'directory';
  readonly place: string;
  readonly mode: number;
}

export interface LinkRecord {
  readonly kind: 'symlink';
  readonly place: string;
  readonly target: string;
}

export type ManifestRecord = FileRecord | FolderRecord | LinkRecord;

/** Where a baseline keeps the files. A store has the same layout, without this folder around it. */
export const filesFolder = (baseline: string): string => join(baseline, 'files');
export const packFolder = (folder: string): string => join(folder, 'packs');
export const packPath = (folder: string, pack: string): string => join(packFolder(folder), `${pack}.pack`);
export const manifestPath = (folder: string): string => join(folder, 'manifest.jsonl');

/** Begins the baseline of the files anew: an empty folder, closed to others. */
export async function emptyFilesBaseline(baseline: string): Promise<void> {
  await rm(filesFolder(baseline), { recursive: true, force: true });
  await mkdir(packFolder(filesFolder(baseline)), { recursive: true, mode: 0o700 });
}

/** A manifest while it is written: one record per line, folders before what is in them. */
export type ManifestWriter = WholeLines<ManifestRecord>;

export const writeManifest = (folder: string): Promise<ManifestWriter> => openWhole(manifestPath(folder));

/** Reads a manifest record by record; none when there is no manifest. */
export const readManifest = (folder: string): AsyncGenerator<ManifestRecord> =>
  // Our own file, written by writeManifest.
  readLines(manifestPath(folder), (line): ManifestRecord => JSON.parse(line));
