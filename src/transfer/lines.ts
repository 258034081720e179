import { createReadStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { codeOf } from '../shared/system.ts';

/** A file of one JSON value per line while it is written. End it with `close`, whatever became of the work. */
export interface LineFile<T> {
  add(value: T): void;
  /** Throws the first failure to write. */
  close(): Promise<void>;
}

const FLUSH_LINES = 500;

/** Begins the file anew, closed to others. Its folder must be there. */
export async function openLines<T>(path: string): Promise<LineFile<T>> {
  const handle = await open(path, 'w', 0o600);
  let lines: string[] = [];
  let written = Promise.resolve();
  const flush = (): void => {
    const text = lines.join('');
    lines = [];
    written = written.then(() => handle.appendFile(text));
    written.catch(() => undefined);
  };
  return {
    add: (value) => {
      lines.push(`${JSON.stringify(value)}\n`);
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

/** As `LineFile`, for a file that has its name only from `finish` on: until then the one before it stays. */
export interface WholeLines<T> {
  add(value: T): void;
  finish(): Promise<void>;
  /** After a failure; after `finish` it does nothing. */
  abandon(): Promise<void>;
}

export async function openWhole<T>(path: string): Promise<WholeLines<T>> {
  const lines = await openLines<T>(`${path}.new`);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await lines.close();
    isOpen = false;
  };
  return {
    add: (value) => lines.add(value),
    finish: async () => {
      await close();
      await rename(`${path}.new`, path);
    },
    abandon: () => close().catch(() => undefined),
  };
}

/** Reads such a file value by value; none when it is not there. */
export async function* readLines<T>(path: string, parse: (line: string) => T): AsyncGenerator<T> {
  const input = createReadStream(path, 'utf8');
  try {
    let rest = '';
    for await (const text of input) {
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield parse(line);
    }
    if (rest !== '') yield parse(rest);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    input.destroy();
  }
}
