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

/**
 * The first token that starts at or after `from` and before `limit`; lent until the next one is asked for. `inRow`: the text is a field as rows
 * hold it, escaped.
 */
export type NextToken = (text: Text, from: number, limit: number, inRow: boolean) => Token | undefined;

/** A table may hold millions of tokens, and nobody keeps one: all are told in the same place. */
export function createTokens(): NextToken {
  const token: Lent = {
    start: 0,
    digitsStart: 0,
    digitsEnd: 0,
    declared: 0,
    contentStart: 0,
    backslashes: 0,
    closing: '";',
  };
  return (text, from, limit, inRow) => {
    for (let at = from; at < limit; at++) {
      const code = text.charCodeAt(at);
      if ((code !== SMALL_S && code !== CAPITAL_C) || text.charCodeAt(at + 1) !== COLON) continue;
      if (at > 0 && continuesWord(text, at - 1, inRow)) continue;
      if (code === SMALL_S ? readString(text, at, token) : readClass(text, at, token)) return token;
    }
    return undefined;
  };
}

type Lent = { -readonly [Fact in keyof Token]: Token[Fact] };

/** Whether a string's token starts at `start`; it is then told in `token`. */
function readString(text: Text, start: number, token: Lent): boolean {
  let at = start + 2;
  let declared = 0;
  for (let digit = digitAt(text, at); digit !== -1; digit = digitAt(text, ++at)) declared = declared * 10 + digit;
  const digitsEnd = at;
  if (digitsEnd === start + 2 || digitsEnd > start + 12 || text.charCodeAt(at++) !== COLON) return false;
  const run = at;
  while (text.charCodeAt(at) === BACKSLASH) at++;
  if (text.charCodeAt(at) !== QUOTE) return false;
  token.start = start;
  token.digitsStart = start + 2;
  token.digitsEnd = digitsEnd;
  token.declared = declared;
  token.contentStart = at + 1;
  token.backslashes = at - run;
  token.closing = '";';
  return true;
}

const CLASS = /^C:\d{1,3}:"[^"]{1,255}":(\d{1,10}):\{/;
/** More than that expression matches. */
const CLASS_LENGTH = 300;

function readClass(text: Text, start: number, token: Lent): boolean {
  const [opening, digits] = CLASS.exec(text.slice(start, start + CLASS_LENGTH)) ?? [];
  if (opening === undefined || digits === undefined) return false;
  token.start = start;
  token.contentStart = start + opening.length;
  token.digitsEnd = token.contentStart - 2;
  token.digitsStart = token.digitsEnd - digits.length;
  token.declared = Number(digits);
  token.backslashes = 0;
  token.closing = '}';
  return true;
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
