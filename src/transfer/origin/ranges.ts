import { openLines, readLines, type LineFile } from '../lines.ts';
import { originPath } from './folder.ts';
import { rangeSchema, type OriginRange } from './schema.ts';

/** Begins the file of ranges anew: about one line for each half MiB of rows. The folder must be there. */
export const openRanges = (baseline: string): Promise<LineFile<OriginRange>> =>
  openLines(originPath(baseline, 'ranges.jsonl'));

/** Reads the ranges, of each table in key order; none when the clone has no such file. */
export const readRanges = (baseline: string): AsyncGenerator<OriginRange> =>
  readLines(originPath(baseline, 'ranges.jsonl'), (line) => rangeSchema.parse(JSON.parse(line)));
