import { backslashesBefore } from './forms.ts';
import type { Text } from './text.ts';

/**
 * The start of a string of PHP's serialization format, `s:LENGTH:"` … `";`, or of the body of a class that serializes itself,
 * `C:5:"Class":LENGTH:{` … `}` (ext/standard/var_unserializer.re of php-src). Everything else in the format counts
 * elements, not bytes, so that only these lengths change with their content.
 */
export interface Token {
  readonly start: number;
  readonly digitsStart: number;
  readonly digitsEnd: number;
  readonly declared: number;
  readonly contentStart: number;
  /** Before the quote, where the string stands in JSON. */
  readonly backslashes: number;
  readonly closing: '";' | '}';
}

const SMALL_S = 115;
const CAPITAL_C = 67;
const COLON = 58;
const QUOTE = 34;
const BACKSLASH = 92;

/** Whether there may be a token between `start` and `end`: a number between a colon and a quote. */
export function holdsLengths(text: Text, start: number, end: number): boolean {
  for (let at = text.indexOf(':', start); at !== -1 && at < end; at = text.indexOf(':', at + 1)) {
    const next = text.charCodeAt(at + 1);
    if ((next === QUOTE || next === BACKSLASH) && digitAt(text, at - 1) !== -1) return true;
  }
  return false;
}

/** The first token that starts at or after `from` and before `limit`. `inRow`: the text is a field as rows hold it, escaped. */
export function nextToken(text: Text, from: number, limit: number, inRow: boolean): Token | undefined {
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at);
    if ((code !== SMALL_S && code !== CAPITAL_C) || text.charCodeAt(at + 1) !== COLON) continue;
    if (at > 0 && continuesWord(text, at - 1, inRow)) continue;
    const token = code === SMALL_S ? stringToken(text, at) : classToken(text, at);
    if (token !== undefined) return token;
  }
  return undefined;
}

function stringToken(text: Text, start: number): Token | undefined {
  let at = start + 2;
  let declared = 0;
  for (let digit = digitAt(text, at); digit !== -1; digit = digitAt(text, ++at)) declared = declared * 10 + digit;
  const digitsEnd = at;
  if (digitsEnd === start + 2 || digitsEnd > start + 12 || text.charCodeAt(at++) !== COLON) return undefined;
  const run = at;
  while (text.charCodeAt(at) === BACKSLASH) at++;
  if (text.charCodeAt(at) !== QUOTE) return undefined;
  const contentStart = at + 1;
  return { start, digitsStart: start + 2, digitsEnd, declared, contentStart, backslashes: at - run, closing: '";' };
}

const CLASS = /^C:\d{1,3}:"[^"]{1,255}":(\d{1,10}):\{/;
/** More than that expression matches. */
const CLASS_LENGTH = 300;

function classToken(text: Text, start: number): Token | undefined {
  const [opening, digits] = CLASS.exec(text.slice(start, start + CLASS_LENGTH)) ?? [];
  if (opening === undefined || digits === undefined) return undefined;
  const contentStart = start + opening.length;
  const digitsEnd = contentStart - 2;
  const digitsStart = digitsEnd - digits.length;
  return { start, digitsStart, digitsEnd, declared: Number(digits), contentStart, backslashes: 0, closing: '}' };
}

function digitAt(text: Text, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57 ? code - 48 : -1;
}

/** A letter, a digit, _ or a backslash, as in `class:3:"`: then the sign is the end of a word. */
function continuesWord(text: Text, at: number, inRow: boolean): boolean {
  const code = text.charCodeAt(at);
  const lower = code | 0x20;
  const word = (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 95 || code === BACKSLASH;
  return word && !(inRow && code !== BACKSLASH && (at - backslashesBefore(text, at)) % 2 === 1);
}
