import { createEscapedReader, createRowReader, rowLength } from './escaped-strings.ts';
import { decodedLength } from './levels.ts';
import { createLengths, type Lengths } from './lengths.ts';
import { createOpenStrings, type OpenStrings } from './open-strings.ts';
import type { Patch } from './patch.ts';
import type { Text } from './text.ts';
import { createTokens, type Token } from './tokens.ts';

export interface FixedLengths {
  /** Of the strings around the patches; valid until the next call. */
  readonly lengths: Lengths;
  readonly patches: number;
  /** A patch stands behind a string whose declared length is wrong. */
  readonly broken: boolean;
}

/** A value, or a field as rows hold it, with its bytes escaped, as a part of a text. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly inRow: boolean;
}

/**
 * Finds the lengths that patches of a value make wrong, at every level of nesting, and what they have to be: one
 * pass from left to right with a list of the open strings, so that hostile nesting costs neither time nor stack.
 * Strings without a patch are jumped over. Undefined for a field of a row that has to be unescaped first, because it holds
 * strings in JSON or is hostile.
 */
export type FixLengths = (text: Text, place: Place, patches: Iterable<Patch>) => FixedLengths | undefined;

/** Its memory is used again for each value. */
export function createLengthFixer(): FixLengths {
  const lengths = createLengths();
  const strings = createOpenStrings(lengths);
  const nextToken = createTokens();
  return (text, { start, end, inRow }, patches) => {
    strings.begin(end);
    const readers = { escaped: createEscapedReader(text, end), inRow: inRow ? createRowReader(text) : undefined };
    let broken = false;
    let count = 0;
    let at = start;
    for (const patch of patches) {
      while (!strings.isEmpty && strings.contentEnd <= patch.start) at = strings.close(text);
      for (
        let token = nextToken(text, at, patch.start, inRow);
        token;
        token = nextToken(text, at, patch.start, inRow)
      ) {
        if (inRow && token.level !== 0) return undefined;
        const contentEnd = endOfContent(text, token, strings.contentEnd, readers);
        if (contentEnd === undefined) return undefined;
        at = token.contentStart;
        if (contentEnd === -1) strings.markBroken();
        else if (contentEnd <= patch.start) at = contentEnd + token.closing.length;
        else strings.open(token, contentEnd);
      }
      grow(strings, text, patch, inRow);
      broken ||= strings.isBroken;
      count += 1;
      at = patch.end;
    }
    while (!strings.isEmpty) strings.close(text);
    return { lengths, patches: count, broken };
  };
}

interface Readers {
  readonly escaped: ReturnType<typeof createEscapedReader>;
  /** Only in rows. */
  readonly inRow: ReturnType<typeof createRowReader> | undefined;
}

/** Where the content ends of the string that `token` opens; -1 when its length is wrong; undefined when finding out is too much work. */
function endOfContent(text: Text, token: Token, parentEnd: number, readers: Readers): number | undefined {
  const contentEnd = readContent(token, readers);
  if (contentEnd === undefined) return undefined;
  const end = contentEnd + token.closing.length;
  return end <= parentEnd && text.startsWith(token.closing, contentEnd) ? contentEnd : -1;
}

function readContent(token: Token, readers: Readers): number | undefined {
  const { contentStart, declared } = token;
  if (token.level !== 0) return readers.escaped(token) ?? -1;
  return readers.inRow === undefined ? contentStart + declared : readers.inRow(contentStart, declared);
}

function grow(strings: OpenStrings, text: Text, patch: Patch, inRow: boolean): void {
  for (let level = 0; level < strings.levels; level++) strings.grow(level, growthOf(text, patch, level, inRow));
}

function growthOf(text: Text, patch: Patch, level: number, inRow: boolean): number {
  if (level === 0 && !inRow) return patch.text.length - (patch.end - patch.start);
  const before = text.slice(patch.start, patch.end);
  if (level === 0) return rowLength(patch.text) - rowLength(before);
  return decodedLength(patch.text, level) - decodedLength(before, level);
}
