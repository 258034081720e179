import { join } from 'node:path';
import { z } from 'zod';
import { openWhole, readLines, type WholeLines } from '../lines.ts';

/** A place and the facts of the file there. */
type Line = readonly [string, string];
const lineSchema = z.tuple([z.string(), z.string()]);

const pathOf = (folder: string): string => join(folder, 'written.jsonl');

/** Begins the list of files as they were written. `folder` is that of the baseline's files. */
export const writeWritten = (folder: string): Promise<WholeLines<Line>> => openWhole(pathOf(folder));

/** The facts by place; none for a clone that was made before they were kept. */
export async function readWritten(folder: string): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for await (const line of readLines(pathOf(folder), (text) => lineSchema.parse(JSON.parse(text))))
    written.set(...line);
  return written;
}
