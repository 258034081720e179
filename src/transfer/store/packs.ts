import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { manifestPath, packFolder, packPath } from '../baseline/files.ts';
import { codeOf } from '../../shared/system.ts';
import { writeWhole } from '../../shared/whole-file.ts';

const schema = z.record(z.string(), z.string());

const NAMED = '"pack":"';

export const notedPath = (folder: string): string => join(folder, 'packs.json');

/** Packs that a folder's manifest names; none when there is no manifest. It is not taken apart: quotes within its texts are escaped. */
export async function packsOf(folder: string): Promise<ReadonlySet<string>> {
  const packs = new Set<string>();
  let rest = '';
  /** The last one that was named, with the quote behind it. */
  let last = '"';
  let from = 0;
  try {
    for await (const chunk of createReadStream(manifestPath(folder), 'latin1')) {
      const text: string = rest + chunk;
      const end = text.lastIndexOf('\n') + 1;
      for (let at = text.indexOf(NAMED); at !== -1 && at < end; at = text.indexOf(NAMED, from)) {
        from = at + NAMED.length;
        // Thousands of files in a row are in one pack.
        if (text.startsWith(last, from)) continue;
        last = text.slice(from, text.indexOf('"', from) + 1);
        packs.add(last.slice(0, -1));
      }
      rest = text.slice(end);
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return packs;
}

/**
 * What tells whether somebody has written to a pack since it was whole: its number, size and the time of its content. Not that of the last
 * change to the file, as for others: names of a pack come and go with the clones that use it.
 */
export async function packFacts(folder: string, pack: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(packPath(folder, pack), { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/**
 * Notes the packs of a folder as whole. `reused` are those that were there before, with the facts that they had then; without any where a body
 * in them is damaged.
 */
export async function notePacks(folder: string, reused: ReadonlyMap<string, string | undefined>): Promise<void> {
  const noted: Record<string, string> = {};
  for (const name of await readdir(packFolder(folder))) {
    const pack = name.replace(/\.pack$/, '');
    const facts = reused.has(pack) ? reused.get(pack) : await packFacts(folder, pack);
    if (facts !== undefined) noted[pack] = facts;
  }
  await writeWhole(notedPath(folder), JSON.stringify(noted), 0o600);
}

/** The facts of noted packs; none of a folder that is older, or whose notes are damaged. */
export async function readNotedPacks(folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    return new Map(Object.entries(schema.parse(JSON.parse(await readFile(notedPath(folder), 'utf8')))));
  } catch {
    return new Map();
  }
}
