import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
// oxlint-disable-next-line no-restricted-imports -- lets others have their turn; no time passes
import { setImmediate as turn } from 'node:timers/promises';
import { diskPath, nameOfBytes } from '../../shared/file-names.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import { readManifest, type ManifestRecord } from '../baseline/files.ts';
import { factsOf } from '../baseline/facts.ts';
import { readWritten } from '../baseline/written.ts';

/** What of a document root is as it was written, by place. */
export interface Untouched {
  /** With their facts. */
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
}

/** Entries that are looked at before others have their turn. */
const AT_ONCE = 200;

/**
 * Removes from a document root all that is not there as the baseline has it, and returns what stays. No link is followed: a clone
 * may have put one anywhere, also in the document root's own place.
 */
export async function removeTouched(www: string, folder: string, signal: AbortSignal): Promise<Untouched> {
  const wanted = await readWanted(folder);
  const written = await readWritten(folder);
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const links = new Set<string>();
  let looked = 0;

  const stays = (entry: fs.Dirent<Buffer>, place: string, path: string | Buffer): boolean => {
    const record = wanted.get(place);
    if (record?.kind === 'file' && entry.isFile()) {
      const facts = factsOf(fs.lstatSync(path, { bigint: true }));
      if (written.get(place) !== facts) return false;
      files.set(place, facts);
      return true;
    }
    if (record?.kind === 'symlink' && entry.isSymbolicLink()) {
      const same = nameOfBytes(fs.readlinkSync(path, 'buffer')) === record.target;
      if (same) links.add(place);
      return same;
    }
    return record?.kind === 'directory' && entry.isDirectory();
  };
  const clear = async (at: string): Promise<void> => {
    for (const entry of fs.readdirSync(diskPath(join(www, at)), { withFileTypes: true, encoding: 'buffer' })) {
      if (++looked % AT_ONCE === 0) await turn(undefined, { signal });
      const name = nameOfBytes(entry.name);
      const place = at === '' ? name : `${at}/${name}`;
      const path = diskPath(join(www, place));
      if (!stays(entry, place, path)) await removeTree(path);
      else if (entry.isDirectory()) {
        folders.add(place);
        setMode(path, wanted.get(place));
        await clear(place);
      }
    }
  };
  if (fs.lstatSync(www, { throwIfNoEntry: false })?.isDirectory() !== true) {
    await removeTree(www);
    fs.mkdirSync(www);
  }
  await clear('');
  return { files, folders, links };
}

/** The records by place, and folders that are only there because something is in them. */
async function readWanted(folder: string): Promise<Map<string, ManifestRecord>> {
  const wanted = new Map<string, ManifestRecord>();
  for await (const record of readManifest(folder)) {
    wanted.set(record.place, record);
    for (let at = dirname(record.place); at !== '.' && !wanted.has(at); at = dirname(at))
      wanted.set(at, { kind: 'directory', place: at, mode: 0o755 });
  }
  return wanted;
}

/** As it was made: see makeFolder. */
function setMode(path: string | Buffer, record: ManifestRecord | undefined): void {
  if (record?.kind !== 'directory') return;
  const mode = (record.mode & 0o777) | 0o700;
  if ((fs.lstatSync(path).mode & 0o777) !== mode) fs.chmodSync(path, mode);
}
