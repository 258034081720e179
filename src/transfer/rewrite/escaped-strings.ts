import { decodedParts } from './levels.ts';
import type { Text } from './text.ts';
import type { Token } from './tokens.ts';

/**
 * Serialized strings inside JSON, `"options":"a:1:{s:3:\"url\";s:15:\"https:\/\/old.com\";}"`, or in a URL or HTML. Their lengths count the bytes
 * that stand there once that has been decoded. Finds the end of such strings in the value that reaches to `end`. What is read in vain is bounded, so that hostile text costs no more than a
 * few times its length.
 */
export function createEscapedReader(text: Text, end: number): (token: Token) => number | undefined {
  let budget = 16 * end + 65_536;
  return ({ contentStart: start, declared: length, level, closing }) => {
    if (level === undefined) return undefined;
    let seen = 0;
    let from = start;
    for (let at = text.indexOf(closing, start + length); at !== -1 && at < end; at = text.indexOf(closing, at + 1)) {
      if (closing.startsWith('\\') && text.charCodeAt(at - 1) === 92) continue;
      budget -= at - from;
      if (budget < 0) return undefined;
      for (const part of decodedParts(text, from, at, level)) seen += part.length;
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
