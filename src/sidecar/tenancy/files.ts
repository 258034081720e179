import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../shared/system.ts';

/** A unit that nobody has had has some dozen files: more need not be told of to show that it is not one. */
const MOST = 2_000;
/** Bytes of a file that its digest covers; those of a unit that nobody has had are all smaller. */
const DIGESTED = 1024 * 1024;

/**
 * A line for everything below a folder, without following links, what lies nearest first: kind, mode, path, and what is in it. `volatile`
 * names files whose content is another with each start.
 */
export async function linesOfFolder(folder: string, volatile: ReadonlySet<string> = new Set()): Promise<string[]> {
  const lines: string[] = [];
  const folders = [''];
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const entries = await entriesOf(join(folder, next)).catch(cannotBeTold);
    if (typeof entries === 'string') {
      lines.push(`${entries} in ${JSON.stringify(next)}`);
      continue;
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (lines.length >= MOST) return [...lines, `more than ${MOST}`];
      const line = lineOf(join(folder, path), path, volatile.has(path));
      lines.push(await line.catch((error: unknown) => `${cannotBeTold(error)} of ${JSON.stringify(path)}`));
      if (entry.isDirectory()) folders.push(path);
    }
  }
  return lines;
}

/** With what a line begins of something that goes away while it is looked at, or is closed to us. */
export const UNTOLD = 'it cannot be told';
const cannotBeTold = (error: unknown): string => `${UNTOLD} (${codeOf(error) ?? 'no code'}) what there is`;

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function lineOf(file: string, path: string, isVolatile: boolean): Promise<string> {
  const found = await lstat(file);
  const mode = (found.mode & 0o7777).toString(8);
  const name = JSON.stringify(path);
  if (found.isSymbolicLink()) return `link ${name} ${JSON.stringify(await readlink(file))}`;
  if (found.isDirectory()) return `folder ${mode} ${name}`;
  if (!found.isFile()) return `${found.isFIFO() ? 'pipe' : found.isSocket() ? 'socket' : 'device'} ${mode} ${name}`;
  return isVolatile ? `file ${mode} ${name}` : `file ${mode} ${name} ${found.size} ${await digestOf(file)}`;
}

async function digestOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(DIGESTED), 0, DIGESTED, 0);
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32);
  } finally {
    await handle.close();
  }
}
