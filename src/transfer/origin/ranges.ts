import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { codeOf } from '../../shared/system.ts';
import { originPath } from './folder.ts';
import { rangeSchema, type OriginRange } from './schema.ts';

/** The file of ranges while it is written: about one line for each half MiB of rows. */
export interface RangeFile {
  add(range: OriginRange): void;
  close(): Promise<void>;
}

const FLUSH_LINES = 500;

/** Begins the file anew. The folder must be there. */
export async function openRanges(baseline: string): Promise<RangeFile> {
  const handle = await open(originPath(baseline, 'ranges.jsonl'), 'w', 0o600);
  let lines: string[] = [];
  let written = Promise.resolve();
  const flush = (): void => {
    const text = lines.join('');
    lines = [];
    written = written.then(() => handle.appendFile(text));
    written.catch(() => undefined);
  };
  return {
    add: (range) => {
      lines.push(`${JSON.stringify(range)}\n`);
      if (lines.length >= FLUSH_LINES) flush();
    },
    close: async () => {
      flush();
      try {
        await written;
      } finally {
        await handle.close();
      }
    },
  };
}

/** Reads the ranges, of each table in key order; none when the clone has no such file. */
export async function* readRanges(baseline: string): AsyncGenerator<OriginRange> {
  const input = createReadStream(originPath(baseline, 'ranges.jsonl'), 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield rangeSchema.parse(JSON.parse(line));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    input.destroy();
  }
}
