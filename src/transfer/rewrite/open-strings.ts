import { BACKSLASHES } from './escaped-strings.ts';
import type { Lengths } from './lengths.ts';
import { createNumbers } from './numbers.ts';
import type { Text } from './text.ts';
import type { Token } from './tokens.ts';

/** How often JSON may be wrapped around a string. */
const DEPTHS = BACKSLASHES.length;
/** Of a string around the innermost one: the end of its content, the index of its length, and its marks. */
const WORDS = 3;

/** The strings that are open at the place looked at. Hostile text opens millions of them. */
export interface OpenStrings {
  readonly isEmpty: boolean;
  /** Of the innermost string; of the whole text where none is open. */
  readonly contentEnd: number;
  /** A string here or around here declares a length that is wrong. */
  readonly isBroken: boolean;
  /** How often JSON is decoded to count the length of an open string, and one more. */
  readonly levels: number;
  begin(end: number): void;
  open(token: Token, contentEnd: number, depth: number): void;
  /** Fixes the length of the innermost string; gives the position behind its closing signs. */
  close(text: Text): number;
  markBroken(): void;
  /** The text grows by that much where JSON has been decoded `depth` times. */
  grow(depth: number, by: number): void;
}

/**
 * Keeps of each open string its length, less what the text had grown by when it was opened, and adds at its end what it has grown by
 * then: that needs no more memory for a string than to say where it is.
 */
export function createOpenStrings(lengths: Lengths): OpenStrings {
  const around = createNumbers();
  const grown = Array.from({ length: DEPTHS }, () => 0);
  let count = 0;
  /** The innermost string; changed in its place, so that opening one leaves nothing behind. */
  const top = { contentEnd: 0, length: 0, depth: 0, levels: 0, isClass: false, isBroken: false };
  const keep = (): void => {
    const { contentEnd, length, depth, levels, isClass, isBroken } = top;
    around.set(WORDS * count, contentEnd);
    around.set(WORDS * count + 1, length);
    around.set(WORDS * count + 2, depth | (levels << 4) | (Number(isClass) << 8) | (Number(isBroken) << 9));
  };
  const bringBack = (): void => {
    const marks = around.get(WORDS * count + 2);
    top.contentEnd = around.get(WORDS * count);
    top.length = around.get(WORDS * count + 1);
    top.depth = marks & 15;
    top.levels = (marks >> 4) & 15;
    top.isClass = (marks & 256) !== 0;
    top.isBroken = (marks & 512) !== 0;
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
      Object.assign(top, { contentEnd: end, length: 0, depth: 0, levels: 0, isClass: false, isBroken: false });
    },
    open({ digitsStart, declared, closing }, contentEnd, depth) {
      keep();
      count += 1;
      top.contentEnd = contentEnd;
      top.length = lengths.add(digitsStart, declared - grown[depth]!);
      top.depth = depth;
      top.levels = Math.max(top.levels, depth + 1);
      top.isClass = closing === '}';
    },
    close(text) {
      const { contentEnd, length, depth, isClass } = top;
      const digits = lengths.grow(length, grown[depth]!, text);
      for (let level = 0; level < DEPTHS; level++) grown[level]! += digits;
      count -= 1;
      bringBack();
      return contentEnd + (isClass ? 1 : BACKSLASHES[depth]! + 2);
    },
    markBroken: () => void (top.isBroken = true),
    grow: (depth, by) => void (grown[depth]! += by),
  };
}
