import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { codeOf } from '../../shared/system.ts';
import { writeWhole } from '../../shared/whole-file.ts';

export type OriginFile =
  | 'database.json'
  | 'ranges.jsonl'
  | 'back.jsonl'
  | 'ids.json'
  | 'files.json'
  | 'configure.json'
  | 'noise.json'
  | 'brought.json';

const folderOf = (baseline: string): string => join(baseline, 'origin');

export const originPath = (baseline: string, file: OriginFile): string => join(folderOf(baseline), file);

/** Makes the folder, closed to others, and takes away what an earlier try left of these files. */
export async function clearOrigin(baseline: string, files: readonly OriginFile[]): Promise<void> {
  await mkdir(folderOf(baseline), { recursive: true, mode: 0o700 });
  for (const file of files) await rm(originPath(baseline, file), { force: true });
}

/** Writes one of the files whole. */
export async function writeOrigin(baseline: string, file: OriginFile, content: unknown): Promise<void> {
  const path = originPath(baseline, file);
  await mkdir(folderOf(baseline), { recursive: true, mode: 0o700 });
  await writeWhole(path, JSON.stringify(content), 0o600);
}

/** Reads one of the files; undefined when the clone does not have it: it is older, or was never finished. Throws when it is damaged. */
export async function readOrigin<S extends z.ZodType>(
  baseline: string,
  file: OriginFile,
  schema: S,
): Promise<z.infer<S> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(originPath(baseline, file), 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
