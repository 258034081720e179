import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FileChange } from '../../src/restore/changes.ts';
import type { Source } from './source/index.ts';

export const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** Files below a folder, by path, with what they hold: what people would see, without folders of a restore. */
export function filesBelow(folder: string, below = ''): Record<string, string> {
  const here = join(folder, below);
  return Object.fromEntries(
    (existsSync(here) ? readdirSync(here) : []).flatMap((name): [string, string][] => {
      const path = below === '' ? name : `${below}/${name}`;
      if (name.startsWith('.wpclone-')) return [];
      const stats = lstatSync(join(folder, path));
      if (stats.isSymbolicLink()) return [];
      if (stats.isDirectory()) return Object.entries(filesBelow(folder, path));
      return [[path, readFileSync(join(folder, path), 'latin1')]];
    }),
  );
}

/** Writes a file, and folders for it, owned by whoever owns the folder: the web server. */
export function put(folder: string, path: string, content: string | Buffer): void {
  const { uid, gid } = statSync(folder);
  const parts = path.split('/').slice(0, -1);
  for (const [at] of parts.entries()) {
    const parent = join(folder, ...parts.slice(0, at + 1));
    if (existsSync(parent)) continue;
    mkdirSync(parent);
    chownSync(parent, uid, gid);
  }
  writeFileSync(join(folder, path), content);
  chownSync(join(folder, path), uid, gid);
}

/** A change of a file of which the clone has `after` in `www`; null: none. */
export function fileChange(
  item: number,
  path: string,
  before: string | null,
  after: string | Buffer | null,
  www: string,
): FileChange {
  if (after !== null) put(www, path, after);
  const digest = (content: string | Buffer | null): string | null => (content === null ? null : sha256(content));
  const size = after === null ? 0 : Buffer.byteLength(after);
  return { item, path, place: path, before: digest(before), after: digest(after), size };
}

export const uploadsOf = (source: Source): string => join(source.content, 'uploads');

/** Folders of restores among the uploads. */
export const restoreFolders = (source: Source): string[] =>
  readdirSync(uploadsOf(source)).filter((name) => name.startsWith('.wpclone-'));
