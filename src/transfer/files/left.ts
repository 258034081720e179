/**
 * The files of a removed clone, which the next one of its source moves to their places instead of writing them once more. They are worth
 * nothing but time: one that is not what it was written as is taken from the packs, as all are where there are none.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
// oxlint-disable-next-line no-restricted-imports -- lets others have their turn; no time passes
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { diskPath } from '../../shared/file-names.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import { filesFolder, readManifest } from '../baseline/files.ts';
import { openLines, readLines } from '../lines.ts';
import type { EarlierClone, TransferSite } from '../types.ts';
import { removeTouched } from './untouched.ts';

export interface LeftFile {
  readonly path: string;
  /** See `factsOf`. */
  readonly facts: string;
  /** Of its content, in hex. */
  readonly sha256: string;
}

export interface LeftFiles {
  /** The file that was at a place of the removed clone, as it was in the source. */
  find(place: string): LeftFile | undefined;
  /** All that nobody took. */
  remove(): Promise<void>;
}

/** A place, the facts of the file there, and the digest of its content. A size that is none would make what is kept have no size either. */
const lineSchema = z.tuple([z.string(), z.string().regex(/^\d+ \d{1,15} -?\d+ -?\d+$/), z.string()]);
type Line = z.infer<typeof lineSchema>;

/** Of a file that are read at once. */
const READ_BYTES = 1 << 20;

/** What file systems mostly give a file at a time. */
const BLOCK = 4096;

const listPath = (folder: string): string => join(folder, 'list.jsonl');
const wwwPath = (folder: string): string => join(folder, 'www');

/**
 * Moves a document root to a folder that must not be there yet, without all that the clone wrote itself or changed. Of what was rewritten for
 * its address nothing is listed. Nothing may be writing to it any more. Each file is read once more: what says which are as they were written lies
 * where the clone's code can write.
 */
export async function leaveFiles(
  { www, baseline }: TransferSite['paths'],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { files } = await removeTouched(www, filesFolder(baseline), signal);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const list = await openLines<Line>(listPath(folder));
  const room = Buffer.alloc(READ_BYTES);
  try {
    for await (const record of readManifest(filesFolder(baseline))) {
      const facts = files.get(record.place);
      if (record.kind !== 'file' || record.rewritten !== undefined || facts === undefined) continue;
      list.add([record.place, facts, digestOf(join(www, record.place), room)]);
      await turn(undefined, { signal });
    }
  } finally {
    await list.close();
  }
  await rename(www, wwwPath(folder));
}

function digestOf(path: string, room: Buffer): string {
  const hash = createHash('sha256');
  const descriptor = fs.openSync(diskPath(path), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    for (let size = fs.readSync(descriptor, room); size > 0; size = fs.readSync(descriptor, room))
      hash.update(room.subarray(0, size));
  } finally {
    fs.closeSync(descriptor);
  }
  return hash.digest('hex');
}

/** Moves what the first of the clones left that left any into a folder that must not be there yet. Who comes later finds none. */
export async function takeFiles(clones: readonly EarlierClone[], folder: string): Promise<LeftFiles> {
  for (const { files } of clones) {
    if (files === undefined) continue;
    const taken = await rename(files, folder).then(
      () => true,
      () => false,
    );
    if (taken) return leftIn(folder, await readList(folder));
  }
  return leftIn(folder, new Map());
}

function leftIn(folder: string, files: ReadonlyMap<string, LeftFile>): LeftFiles {
  return {
    find: (place) => files.get(place),
    remove: () => removeTree(folder),
  };
}

/** About how many bytes of the disk they take. */
export async function sizeOfLeft(folder: string): Promise<number> {
  let bytes = 0;
  for (const { facts } of (await readList(folder)).values())
    bytes += Math.ceil(Number(facts.split(' ')[1]) / BLOCK) * BLOCK;
  return bytes;
}

/** None when it is damaged. */
async function readList(folder: string): Promise<ReadonlyMap<string, LeftFile>> {
  const files = new Map<string, LeftFile>();
  const lines = readLines(listPath(folder), (line) => lineSchema.parse(JSON.parse(line)));
  try {
    for await (const [place, facts, sha256] of lines)
      files.set(place, { path: join(wwwPath(folder), place), facts, sha256 });
  } catch {
    files.clear();
  }
  return files;
}
