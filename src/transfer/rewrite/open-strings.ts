import { LEVEL_COUNT } from './levels.ts';
import type { Lengths } from './lengths.ts';
import { createNumbers } from './numbers.ts';
import type { Text } from './text.ts';
import type { Token } from './tokens.ts';

/** Of a string around the innermost one: the end of its content, the index of its length, and its marks. */
const WORDS = 3;

/** The strings that are open at the place looked at. Hostile text opens millions of them. */
export interface OpenStrings {
  readonly isEmpty: boolean;
  /** Of the innermost string; of the whole text where none is open. */
  readonly contentEnd: number;
  /** A string here or around here declares a length that is wrong. */
  readonly isBroken: boolean;
  /** One more than the highest level of an open string, see levels.ts. */
  readonly levels: number;
  begin(end: number): void;
  open(token: Token, contentEnd: number): void;
  /** Fixes the length of the innermost string; gives the position behind its closing signs. */
  close(text: Text): number;
  markBroken(): void;
  /** The text grows by that much once it has been decoded. */
  grow(level: number, by: number): void;
}

/**
 * Keeps of each open string its length, less what the text had grown by when it was opened, and adds at its end what it has grown by
 * then: that needs no more memory for a string than to say where it is.
 */
export function createOpenStrings(lengths: Lengths): OpenStrings {
  const around = createNumbers();
  const grown = Array.from({ length: LEVEL_COUNT }, () => 0);
  let count = 0;
  /** The innermost string; changed in its place, so that opening one leaves nothing behind. */
  const top = { contentEnd: 0, length: 0, level: 0, levels: 0, tail: 0, isBroken: false };
  const keep = (): void => {
    const { contentEnd, length, level, levels, tail, isBroken } = top;
    around.set(WORDS * count, contentEnd);
    around.set(WORDS * count + 1, length);
    around.set(WORDS * count + 2, level | (levels << 4) | (tail << 8) | (Number(isBroken) << 16));
  };
  const bringBack = (): void => {
    const marks = around.get(WORDS * count + 2);
    top.contentEnd = around.get(WORDS * count);
    top.length = around.get(WORDS * count + 1);
    top.level = marks & 15;
    top.levels = (marks >> 4) & 15;
    top.tail = (marks >> 8) & 255;
    top.isBroken = (marks & 65_536) !== 0;
  };
  return {
    get isEmpty() {
      return count === 0;
    },
    get contentEnd() {
      return top.contentEnd;
    },
    get isBroken() {
      return top.isBroken;
    },
    get levels() {
      return top.levels;
    },
    begin(end) {
      around.clear();
      lengths.clear();
      grown.fill(0);
      count = 0;
      Object.assign(top, { contentEnd: end, length: 0, level: 0, levels: 0, tail: 0, isBroken: false });
    },
    open({ digitsStart, declared, closing, level = 0 }, contentEnd) {
      keep();
      count += 1;
      top.contentEnd = contentEnd;
      top.length = lengths.add(digitsStart, declared - grown[level]!);
      top.level = level;
      top.levels = Math.max(top.levels, level + 1);
      top.tail = closing.length;
    },
    close(text) {
      const { contentEnd, length, level, tail } = top;
      const digits = lengths.grow(length, grown[level]!, text);
      for (let each = 0; each < LEVEL_COUNT; each++) grown[each]! += digits;
      count -= 1;
      bringBack();
      return contentEnd + tail;
    },
    markBroken: () => void (top.isBroken = true),
    grow: (level, by) => void (grown[level]! += by),
  };
}
