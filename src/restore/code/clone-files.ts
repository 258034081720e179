import { createHash } from 'node:crypto';
import { createReadStream, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { filesFolder, type FileRecord } from '../../transfer/baseline/files.ts';
import { factsOf } from '../../transfer/baseline/facts.ts';
import { readWritten } from '../../transfer/baseline/written.ts';
import { joinPlaces } from '../../transfer/files/places.ts';
import { pathMatcher } from '../../transfer/glob.ts';
import type { Ledger } from '../../transfer/origin/schema.ts';
import type { RememberedFiles } from '../../transfer/survey/files.ts';

/** A file that is not as the clone was made with it. */
export interface ClonedFile {
  readonly place: string;
  readonly change: 'new' | 'changed' | 'deleted';
  /** Bytes that it has now; 0 when it is gone. */
  readonly size: number;
  readonly base: FileRecord | undefined;
  /** Of what it holds now; null when it is gone. */
  readonly sha256: string | null;
  /** What it is in the live site's form, where addresses were brought back: then size and digest are those of this. */
  readonly content?: Buffer;
  /** It holds an address of the clone that the live site has nothing for. */
  readonly holdsAddress?: boolean;
}

export interface ClonedFiles {
  readonly changed: readonly ClonedFile[];
  /** All files that the clone was made with, by place. */
  readonly base: ReadonlyMap<string, FileRecord>;
}

/** Folders of our own in the document root. */
const OWN = '.wpclone-';

/** Compares the document root with what was written there. Only what the file system cannot vouch for is read. */
export async function clonedFiles(
  www: string,
  baseline: string,
  { files: base, exclude }: RememberedFiles,
  ledger: Ledger | undefined,
  signal: AbortSignal,
): Promise<ClonedFiles> {
  const written = await readWritten(filesFolder(baseline));
  const ignored = pathMatcher(exclude);
  const ours = new Set([...(ledger?.writtenFiles ?? []), ...(ledger?.removedFiles ?? [])]);
  const aside = ledger?.setAside ?? [];
  const seen = new Set<string>();
  const changed: ClonedFile[] = [];
  for await (const place of filesBelow(www, '', ignored)) {
    signal.throwIfAborted();
    seen.add(place);
    if (ours.has(place)) continue;
    const record = base.get(place);
    // Each costs a few microseconds, and several times that when it is waited for.
    const stats = lstatSync(join(www, place), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || (record && written.get(place) === factsOf(stats))) continue;
    const sha256 = await digestOf(join(www, place));
    if (sha256 === (record?.rewritten ?? record?.body)?.sha256) continue;
    changed.push({ place, change: record ? 'changed' : 'new', size: Number(stats.size), base: record, sha256 });
  }
  const isAside = (place: string): boolean => aside.some((each) => place === each || place.startsWith(`${each}/`));
  for (const record of base.values())
    if (!seen.has(record.place) && !ours.has(record.place) && !isAside(record.place) && !ignored(record.place))
      changed.push({ place: record.place, change: 'deleted', size: 0, base: record, sha256: null });
  return { changed, base };
}

/** All files of the clone that came from its source or from people, as they are. */
export function filesNow({ base, changed }: ClonedFiles, ledger: Ledger | undefined): ClonedFile[] {
  const away = [...(ledger?.writtenFiles ?? []), ...(ledger?.removedFiles ?? []), ...(ledger?.setAside ?? [])];
  const isAway = (place: string): boolean => away.some((each) => place === each || place.startsWith(`${each}/`));
  const other = new Set(changed.map(({ place }) => place));
  const asMade = [...base.values()].filter(({ place }) => !other.has(place) && !isAway(place));
  return [
    ...changed.filter(({ change }) => change !== 'deleted'),
    ...asMade.map((record): ClonedFile => {
      const { size, sha256 } = record.rewritten ?? record.body;
      return { place: record.place, change: 'changed', size, base: undefined, sha256 };
    }),
  ].map((file) => ({ ...file, base: undefined }));
}

async function* filesBelow(www: string, folder: string, ignored: (place: string) => boolean): AsyncGenerator<string> {
  const entries = await readdir(join(www, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const place = joinPlaces(folder, entry.name);
    if (ignored(place) || place.startsWith(OWN)) continue;
    if (entry.isDirectory()) yield* filesBelow(www, place, ignored);
    else if (entry.isFile()) yield place;
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
