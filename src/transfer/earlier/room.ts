import { open, type FileHandle } from 'node:fs/promises';
import { reusing, type Allocate } from '../../shared/reusing.ts';
import type { OriginRange } from '../origin/schema.ts';

export interface RangeRows {
  /** As the source sent them. */
  readonly sent: Buffer;
  /** As they are in the clone. */
  readonly made: Buffer;
}

/** What one stream reads an earlier clone with, a range at a time: memory, which holds something else once the next range is read, and open files. */
export interface Room {
  /** Some bytes of a file, in the memory that is meant for it. Fewer at the file's end. */
  read(path: string, offset: number, size: number, memory: 'made' | 'way'): Promise<Buffer>;
  readonly sent: Allocate;
  /** What was read last: parts of one range are asked for one after another. */
  last: { readonly range: OriginRange; readonly data: RangeRows } | undefined;
  close(): Promise<void>;
}

/** The rows of a table, and the ways back. */
const MOST_FILES = 2;

export function createRoom(): Room {
  const memory = { made: reusing(), way: reusing() };
  const files = new Map<string, FileHandle>();

  async function opened(path: string): Promise<FileHandle> {
    const found = files.get(path);
    if (found !== undefined) return found;
    for (const [other, handle] of files) {
      if (files.size < MOST_FILES) break;
      files.delete(other);
      await handle.close();
    }
    const handle = await open(path, 'r');
    files.set(path, handle);
    return handle;
  }

  return {
    last: undefined,
    sent: reusing().allocate,
    async read(path, offset, size, kind) {
      const handle = await opened(path);
      const { buffer, bytesRead } = await handle.read(memory[kind].allocate(size), 0, size, offset);
      return buffer.subarray(0, bytesRead);
    },
    async close() {
      for (const handle of files.values()) await handle.close();
      files.clear();
    },
  };
}
