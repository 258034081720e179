import { createEscapedReader, createRowReader, decodedLength, depthOf, rowLength } from './escaped-strings.ts';
import type { Patch } from './patch.ts';
import { nextToken, type Token } from './tokens.ts';

/** A string that is open at the place looked at; the lowest one is the whole text. */
interface Frame {
  readonly parent: Frame | undefined;
  readonly contentEnd: number;
  /** The position behind the closing signs. */
  readonly end: number;
  /** How often JSON has to be decoded before the declared length is right. */
  readonly depth: number;
  readonly declared: number;
  /** The patch of the declared length's digits, filled in when the string closes. */
  readonly length: Patch;
  /** By how much the content grows, counted after decoding JSON as often as the index says. */
  readonly growth: number[];
  /** A string at this level or around it declares a length that is wrong. */
  broken: boolean;
}

export interface FixedPatches {
  readonly patches: Patch[];
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
 * Adds to the patches of a value those that correct the lengths around them, at every level of nesting: one
 * pass from left to right with the open strings linked to those around them, so that hostile nesting costs neither time nor stack.
 * Strings without a patch are jumped over. Undefined for a field of a row that has to be unescaped first, because it holds
 * strings in JSON or is hostile.
 */
export function fixLengths(text: string, place: Place, patches: readonly Patch[]): FixedPatches | undefined {
  const { start, end, inRow } = place;
  const fixed: Patch[] = [];
  const readers = { escaped: createEscapedReader(text, end), inRow: inRow ? createRowReader(text) : undefined };
  let top: Frame = rootFrame(end);
  let broken = false;
  let at = start;
  for (const patch of patches) {
    while (top.parent !== undefined && top.contentEnd <= patch.start) {
      at = top.end;
      top = close(top, top.parent);
    }
    for (let token = nextToken(text, at, patch.start, inRow); token; token = nextToken(text, at, patch.start, inRow)) {
      if (inRow && token.backslashes > 0) return undefined;
      const contentEnd = endOfContent(text, token, top, readers);
      if (contentEnd === undefined) return undefined;
      at = token.contentStart;
      if (contentEnd === -1) top.broken = true;
      else if (contentEnd <= patch.start) at = contentEnd + token.backslashes + token.closing.length;
      else {
        top = openString(token, contentEnd, top);
        fixed.push(top.length);
      }
    }
    fixed.push(patch);
    for (let depth = 0; depth < top.growth.length; depth++) top.growth[depth]! += growthOf(text, patch, depth, inRow);
    broken ||= top.broken;
    at = patch.end;
  }
  while (top.parent !== undefined) top = close(top, top.parent);
  return { patches: fixed, broken };
}

const rootFrame = (end: number): Frame => ({
  parent: undefined,
  contentEnd: end,
  end,
  depth: 0,
  declared: 0,
  length: { start: 0, end: 0, text: '' },
  growth: [],
  broken: false,
});

interface Readers {
  readonly escaped: ReturnType<typeof createEscapedReader>;
  /** Only in rows. */
  readonly inRow: ReturnType<typeof createRowReader> | undefined;
}

/** Where the content ends of the string that `token` opens; -1 when its length is wrong; undefined when finding out is too much work. */
function endOfContent(
  text: string,
  { contentStart, declared, backslashes, closing }: Token,
  parent: Frame,
  readers: Readers,
): number | undefined {
  const contentEnd = readContent(contentStart, declared, backslashes, readers);
  if (contentEnd === undefined) return undefined;
  const end = contentEnd + backslashes + closing.length;
  return end <= parent.contentEnd && text.startsWith(closing, contentEnd + backslashes) ? contentEnd : -1;
}

function readContent(start: number, length: number, backslashes: number, readers: Readers): number | undefined {
  if (backslashes > 0) return readers.escaped(start, length, depthOf(backslashes)) ?? -1;
  return readers.inRow === undefined ? start + length : readers.inRow(start, length);
}

function openString(token: Token, contentEnd: number, parent: Frame): Frame {
  const depth = depthOf(token.backslashes) ?? 0;
  const growth = parent.growth.map(() => 0);
  while (growth.length <= depth) growth.push(0);
  return {
    parent,
    contentEnd,
    end: contentEnd + token.backslashes + token.closing.length,
    depth,
    declared: token.declared,
    length: { start: token.digitsStart, end: token.digitsEnd, text: '' },
    growth,
    broken: parent.broken,
  };
}

/** Fills in the new length of a string and tells the one around it by how much it grew. */
function close(top: Frame, parent: Frame): Frame {
  const { length, growth } = top;
  length.text = String(top.declared + (growth[top.depth] ?? 0));
  const digits = length.text.length - (length.end - length.start);
  for (let depth = 0; depth < parent.growth.length; depth++) parent.growth[depth]! += (growth[depth] ?? 0) + digits;
  return parent;
}

function growthOf(text: string, patch: Patch, depth: number, inRow: boolean): number {
  if (depth === 0 && !inRow) return patch.text.length - (patch.end - patch.start);
  const before = text.slice(patch.start, patch.end);
  if (depth === 0) return rowLength(patch.text) - rowLength(before);
  return decodedLength(patch.text, depth) - decodedLength(before, depth);
}
