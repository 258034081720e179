import { createEscapedReader, createRowReader, decodedLength, depthOf, rowLength } from './escaped-strings.ts';
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
        if (inRow && token.backslashes > 0) return undefined;
        const contentEnd = endOfContent(text, token, strings.contentEnd, readers);
        if (contentEnd === undefined) return undefined;
        at = token.contentStart;
        if (contentEnd === -1) strings.markBroken();
        else if (contentEnd <= patch.start) at = contentEnd + token.backslashes + token.closing.length;
        else strings.open(token, contentEnd, depthOf(token.backslashes) ?? 0);
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
function endOfContent(
  text: Text,
  { contentStart, declared, backslashes, closing }: Token,
  parentEnd: number,
  readers: Readers,
): number | undefined {
  const contentEnd = readContent(contentStart, declared, backslashes, readers);
  if (contentEnd === undefined) return undefined;
  const end = contentEnd + backslashes + closing.length;
  return end <= parentEnd && text.startsWith(closing, contentEnd + backslashes) ? contentEnd : -1;
}

function readContent(start: number, length: number, backslashes: number, readers: Readers): number | undefined {
  if (backslashes > 0) return readers.escaped(start, length, depthOf(backslashes)) ?? -1;
  return readers.inRow === undefined ? start + length : readers.inRow(start, length);
}

function grow(strings: OpenStrings, text: Text, patch: Patch, inRow: boolean): void {
  for (let depth = 0; depth < strings.levels; depth++) strings.grow(depth, growthOf(text, patch, depth, inRow));
}

function growthOf(text: Text, patch: Patch, depth: number, inRow: boolean): number {
  if (depth === 0 && !inRow) return patch.text.length - (patch.end - patch.start);
  const before = text.slice(patch.start, patch.end);
  if (depth === 0) return rowLength(patch.text) - rowLength(before);
  return decodedLength(patch.text, depth) - decodedLength(before, depth);
}
