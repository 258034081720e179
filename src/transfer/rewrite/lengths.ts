import { createNumbers } from './numbers.ts';
import type { Patch } from './patch.ts';
import type { Text } from './text.ts';

/** What the lengths in a text have to be, in the order of the text: a row may be made of little else, so each takes eight bytes. */
export interface Lengths {
  /** Adds the length whose digits begin there, and gives its index. Lengths are whole numbers modulo 2^32. */
  add(digitsStart: number, length: number): number;
  /** Makes a length longer, and tells by how many digits it grew from those in the text. */
  grow(index: number, by: number, text: Text): number;
  clear(): void;
  /** Patches of the digits. */
  patches(text: Text): Generator<Patch>;
  /** Those patches and others of the same text, which do not overlap, in one list. */
  mergedWith(others: readonly Patch[], text: Text): Patch[];
}

export function createLengths(): Lengths {
  const numbers = createNumbers();
  let count = 0;
  const patchAt = (index: number, text: Text): Patch => {
    const start = numbers.get(2 * index);
    return { start, end: digitsEnd(text, start), text: String(numbers.get(2 * index + 1)) };
  };
  return {
    add(digitsStart, length) {
      numbers.set(2 * count, digitsStart);
      numbers.set(2 * count + 1, length);
      return count++;
    },
    grow(index, by, text) {
      const start = numbers.get(2 * index);
      numbers.set(2 * index + 1, numbers.get(2 * index + 1) + by);
      return digitsOf(numbers.get(2 * index + 1)) - (digitsEnd(text, start) - start);
    },
    clear() {
      numbers.clear();
      count = 0;
    },
    *patches(text) {
      for (let index = 0; index < count; index++) yield patchAt(index, text);
    },
    mergedWith(others, text) {
      const merged: Patch[] = [];
      let index = 0;
      for (const other of others) {
        for (; index < count && numbers.get(2 * index) < other.start; index++) merged.push(patchAt(index, text));
        merged.push(other);
      }
      for (; index < count; index++) merged.push(patchAt(index, text));
      return merged;
    },
  };
}

/** Without a string for each of millions of numbers. */
function digitsOf(number: number): number {
  let digits = 1;
  for (let power = 10; power <= number; power *= 10) digits++;
  return digits;
}

function digitsEnd(text: Text, start: number): number {
  let end = start;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end;
}
