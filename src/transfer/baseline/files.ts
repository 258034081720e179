import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf } from '../../shared/system.ts';

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

/** A manifest while it is written. End it with `finish` or, after a failure, with `abandon`. */
export interface ManifestWriter {
  add(record: ManifestRecord): void;
  /** Says that the manifest is complete: it has its name only from here on. */
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

const FLUSH_LINES = 500;

/** Writes one record per line, folders before what is in them. */
export async function writeManifest(folder: string): Promise<ManifestWriter> {
  const draft = `${manifestPath(folder)}.new`;
  const handle = await open(draft, 'w', 0o600);
  let lines: string[] = [];
  let written = Promise.resolve();
  const flush = (): void => {
    const text = lines.join('');
    lines = [];
    written = written.then(() => handle.appendFile(text));
    written.catch(() => undefined);
  };
  return {
    add: (record) => {
      lines.push(`${JSON.stringify(record)}\n`);
      if (lines.length >= FLUSH_LINES) flush();
    },
    finish: async () => {
      flush();
      await written;
      await handle.close();
      await rename(draft, manifestPath(folder));
    },
    abandon: async () => {
      await written.catch(() => undefined);
      await handle.close();
    },
  };
}

/** Reads a manifest record by record; none when there is no manifest. */
export async function* readManifest(folder: string): AsyncGenerator<ManifestRecord> {
  const input = createReadStream(manifestPath(folder), 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const record: ManifestRecord = JSON.parse(line); // Our own file, written by writeManifest.
      yield record;
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    input.destroy();
  }
}
