import { randomUUID } from 'node:crypto';
import { chmod, lstat, readdir, rename, rm } from 'node:fs/promises';
import { codeOf } from './system.ts';

/** What keeps a folder from being removed that can be helped: paths longer than a call takes, and folders that their owner may not open. */
const HELPED = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM']);

/** Bytes: well below the 4096 that a call takes, which code of a clone gets beyond by going from folder to folder. */
const LONGEST = 2048;
const OWNERS = 0o700;

/**
 * Removes a path with all that is below it, whatever code of a clone made there; no link is followed. Nothing there is no failure. Nobody may be
 * writing to it.
 */
export async function removeTree(path: string | Buffer): Promise<void> {
  try {
    await removeAll(path);
  } catch (error) {
    if (!HELPED.has(codeOf(error) ?? '')) throw error;
    await makeRemovable(Buffer.from(path));
    await removeAll(path);
  }
}

const removeAll = (path: string | Buffer): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });

/**
 * Opens all folders, and moves those whose paths are long to the top. What failed before has not ended with its first failure: it still removes
 * the rest meanwhile, so that anything may be gone the moment after it was seen.
 */
async function makeRemovable(top: Buffer): Promise<void> {
  if (!(await lstat(top)).isDirectory()) return;
  await chmod(top, OWNERS);
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await unlessGone(readdir(folder, { withFileTypes: true, encoding: 'buffer' }));
    for (const entry of entries ?? []) {
      if (!entry.isDirectory()) continue;
      const path = below(folder, entry.name);
      // A folder that nobody may write to cannot be moved either.
      await unlessGone(chmod(path, OWNERS));
      const short = path.length > LONGEST ? below(top, Buffer.from(randomUUID())) : path;
      if (short !== path) await unlessGone(rename(path, short));
      waiting.push(short);
    }
  }
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const below = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, Buffer.from('/'), name]);
