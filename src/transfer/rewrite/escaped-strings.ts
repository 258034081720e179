import type { Text } from './text.ts';

/**
 * Serialized strings inside JSON: `"options":"a:1:{s:3:\"url\";s:15:\"https:\/\/old.com\";}"`. Their lengths count the bytes that
 * stand there once JSON has been decoded, `depth` times when it was encoded as often.
 */
const ESCAPE = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g;

/** Each time that JSON is wrapped around text, it doubles the backslashes before a quote and adds one for the quote itself. */
export const BACKSLASHES: readonly number[] = [0, 1, 3, 7];
/** The longest escape: two halves of a character. */
const LONGEST = 12;
/** Longer text is decoded in parts of this many characters. */
const PART = 64 * 1024;

/** How often JSON has been wrapped around a quote that this many backslashes stand before; undefined when none gives that number. */
export function depthOf(backslashes: number): number | undefined {
  const depth = BACKSLASHES.indexOf(backslashes);
  return depth === -1 ? undefined : depth;
}

/** The bytes of latin1 text after decoding it `depth` times. */
export function decodedLength(text: string, depth: number): number {
  if (depth === 0 || !text.includes('\\')) return text.length;
  return decodedLength(text.replaceAll(ESCAPE, decodeEscape), depth - 1);
}

function decodeEscape(escape: string): string {
  if (escape.length < 6) return escape.slice(1);
  const character: unknown = JSON.parse(`"${escape}"`);
  return Buffer.from(String(character), 'utf8').toString('latin1');
}

function* partsOf(text: Text, start: number, end: number): Generator<string> {
  for (let at = start; at < end; at += PART) yield text.slice(at, Math.min(at + PART, end));
}

/** Text that comes in parts, decoded `depth` times. */
function* decoded(parts: Iterable<string>, depth: number): Generator<string> {
  if (depth === 0) {
    yield* parts;
    return;
  }
  let rest = '';
  for (const part of decoded(parts, depth - 1)) {
    const text = rest + part;
    const end = endOfWholeEscapes(text);
    yield text.slice(0, end).replaceAll(ESCAPE, decodeEscape);
    rest = text.slice(end);
  }
  yield rest.replaceAll(ESCAPE, decodeEscape);
}

/** Up to where text can be decoded whatever follows it. */
function endOfWholeEscapes(text: string): number {
  const certain = Math.max(0, text.length - LONGEST);
  let end = certain;
  for (const { index, 0: escape } of text.matchAll(ESCAPE)) {
    if (index >= certain) break;
    end = Math.max(certain, index + escape.length);
  }
  return end;
}

/**
 * Finds the end of escaped strings in the value that reaches to `end`. What is read in vain is bounded, so that hostile text costs no more than a
 * few times its length.
 */
export function createEscapedReader(
  text: Text,
  end: number,
): (start: number, length: number, depth: number | undefined) => number | undefined {
  let budget = 16 * end + 65_536;
  return (start, length, depth) => {
    if (depth === undefined) return undefined;
    const closing = `${'\\'.repeat(BACKSLASHES[depth] ?? 0)}";`;
    let seen = 0;
    let from = start;
    for (let at = text.indexOf(closing, start + length); at !== -1 && at < end; at = text.indexOf(closing, at + 1)) {
      if (text.charCodeAt(at - 1) === 92) continue;
      budget -= at - from;
      if (budget < 0) return undefined;
      for (const part of decoded(partsOf(text, from, at), depth)) seen += part.length;
      if (seen >= length) return seen === length ? at : undefined;
      from = at;
    }
    return undefined;
  };
}

/** The bytes of a field's text, in which every escape is two characters for one byte. */
export function rowLength(text: string): number {
  let length = text.length;
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at + 2)) length--;
  return length;
}

/**
 * Finds the end of a string in a row's field by the number of its bytes. Undefined once that has taken more steps than a field
 * may cost.
 */
export function createRowReader(text: Text): (start: number, length: number) => number | undefined {
  let searchedFrom = Infinity;
  let backslash = -1;
  let steps = MOST_STEPS;
  const nextBackslash = (from: number): number => {
    if (from < searchedFrom || (backslash !== -1 && backslash < from)) {
      backslash = text.indexOf('\\', from);
      searchedFrom = from;
    }
    return backslash === -1 ? text.length : backslash;
  };
  return (start, length) => {
    let at = start;
    let left = length;
    for (let escape = nextBackslash(at); escape - at < left; escape = nextBackslash(at)) {
      if (--steps < 0) return undefined;
      left -= escape - at + 1;
      at = escape + 2;
      if (at > text.length) return text.length;
    }
    return at + left;
  };
}

const MOST_STEPS = 200_000;
