import { open } from 'node:fs/promises';
import type { Allocate } from '../../shared/reusing.ts';
import type { Replaced } from '../rewrite/types.ts';
import { originPath } from './folder.ts';

/** More than this is not kept of one range: its rows can be fetched again. */
const MOST_REPLACED = 200_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * The texts that gave way to others, and three numbers for each place: bytes since the place before it, bytes that stand there now,
 * and which text stood there.
 */
type Way = readonly [texts: readonly string[], places: readonly number[]];

/** There are thousands of numbers in one, so that they are looked at where they are used. Throws what JSON.parse throws. */
export function parseWay(text: string): Way | undefined {
  const way: unknown = JSON.parse(text);
  const [texts, places] = Array.isArray(way) ? (way as unknown[]) : [];
  return Array.isArray(texts) && Array.isArray(places) ? [texts, places] : undefined;
}

/** Notes how the rows of one range come back to what the source sent. */
export interface WayBack {
  /** To be told of what is replaced in a block. */
  readonly of: (block: Buffer) => Replaced;
  /** The block became so many bytes. */
  became(bytes: number): void;
  /** So many bytes did the range become. */
  readonly bytes: number;
  /** As `goBack` takes it; undefined when nothing was replaced, null when it was too much to keep. */
  text(): string | null | undefined;
}

export function startWayBack(): WayBack {
  const texts = new Map<string, number>();
  const places: number[] = [];
  let characters = 0;
  /** Bytes of the blocks so far, the end of the last place, and by how much the block has grown up to it. */
  let made = 0;
  let end = 0;
  let growth = 0;
  const isTooMuch = (): boolean => places.length > 3 * MOST_REPLACED || characters > MOST_CHARACTERS;
  return {
    of: (block) => (from, to, length) => {
      if (isTooMuch()) return;
      const text = block.toString('latin1', from, to);
      const number = texts.get(text) ?? texts.size;
      if (number === texts.size) {
        texts.set(text, number);
        characters += text.length;
      }
      const start = made + from + growth;
      places.push(start - end, length, number);
      end = start + length;
      growth += length - (to - from);
    },
    became(bytes) {
      made += bytes;
      growth = 0;
    },
    get bytes() {
      return made;
    },
    text: () => (isTooMuch() ? null : places.length === 0 ? undefined : JSON.stringify([[...texts.keys()], places])),
  };
}

/**
 * What the source sent, of so many bytes, in memory from `allocate`; undefined when the rows or the way are not what they were, or something
 * is thrown.
 */
export function goBack(
  rows: Buffer,
  text: string,
  bytes: number,
  allocate: Allocate = (length) => Buffer.allocUnsafe(length),
): Buffer | undefined {
  const way = parseWay(text);
  if (way === undefined) return undefined;
  const [texts, places] = way;
  const source = allocate(bytes).subarray(0, bytes);
  let read = 0;
  let written = 0;
  for (let at = 0; at + 2 < places.length; at += 3) {
    const [skipped, length, number] = [places[at], places[at + 1], places[at + 2]];
    if (!isCount(skipped) || !isCount(length) || !isCount(number)) return undefined;
    const start = read + skipped;
    const before = texts[number];
    if (typeof before !== 'string') return undefined;
    if (start > rows.length || written + (start - read) + before.length > bytes) return undefined;
    written += rows.copy(source, written, read, start);
    written += source.write(before, written, 'latin1');
    read = start + length;
  }
  if (read > rows.length || written + (rows.length - read) !== bytes) return undefined;
  rows.copy(source, written, read);
  return source;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The ways back of a clone while they are written; `add` says where one is. */
export interface BackFile {
  add(text: string): [number, number];
  /** Throws the first failure to write. */
  close(): Promise<void>;
}

/** Begins the file anew. The folder must be there. */
export async function openBackFile(baseline: string): Promise<BackFile> {
  const handle = await open(originPath(baseline, 'back.jsonl'), 'w', 0o600);
  let written = Promise.resolve();
  let offset = 0;
  return {
    add: (text) => {
      const line = Buffer.from(`${text}\n`);
      const place: [number, number] = [offset, line.length];
      offset += line.length;
      written = written.then(() => handle.appendFile(line));
      written.catch(() => undefined);
      return place;
    },
    close: async () => {
      try {
        await written;
      } finally {
        await handle.close();
      }
    },
  };
}
