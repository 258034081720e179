import type { Allocate } from '../../shared/reusing.ts';

/** At most so much room for what rewriting adds, so that a second buffer is seldom needed. */
const SPARE = 64 * 1024;

const fresh: Allocate = (length) => Buffer.allocUnsafeSlow(length);

export interface Output {
  /** Puts latin1 text in place of the bytes from `start` to `end`. Calls go from left to right. */
  replace(start: number, end: number, text: string): void;
  /** The very same buffer when nothing was replaced. */
  finish(): Buffer;
}

/** A changed copy of a block, made in one buffer from `allocate` at the first change. */
export function createOutput(block: Buffer, allocate: Allocate = fresh): Output {
  let target: Buffer | undefined;
  let read = 0;
  let written = 0;
  const roomFor = (bytes: number): Buffer => {
    target ??= allocate(block.length + (block.length >> 4) + Math.min(block.length, SPARE));
    if (written + bytes <= target.length) return target;
    const larger = allocate((written + bytes) * 2);
    target.copy(larger, 0, 0, written);
    target = larger;
    return target;
  };
  const keep = (end: number): void => {
    written += block.copy(roomFor(end - read), written, read, end);
    read = end;
  };
  return {
    replace(start, end, text) {
      keep(start);
      written += roomFor(text.length).write(text, written, 'latin1');
      read = end;
    },
    finish() {
      if (target === undefined) return block;
      keep(block.length);
      return target.subarray(0, written);
    },
  };
}
