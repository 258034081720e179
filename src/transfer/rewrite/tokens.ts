import { backslashesBefore } from './forms.ts';
import { HTML_LEVEL, jsonLevel, URL_LEVEL } from './levels.ts';
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
  /** What it was encoded with, see levels.ts; undefined where that is nothing known. */
  readonly level: number | undefined;
  /** What stands behind the content. */
  readonly closing: string;
}

/** A colon, a quote and a closing, as URL encoding and HTML write them. */
const SPELLINGS = [
  { level: URL_LEVEL, colon: '%3A', quote: '%22', closing: '%22%3B' },
  { level: URL_LEVEL + 1, colon: '%253A', quote: '%2522', closing: '%2522%253B' },
  { level: HTML_LEVEL, colon: ':', quote: '&quot;', closing: '&quot;;' },
] as const;

const SMALL_S = 115;
const CAPITAL_C = 67;
const COLON = 58;
const QUOTE = 34;
const BACKSLASH = 92;
const PERCENT = 37;
const AMPERSAND = 38;

/** Whether there may be a token between `start` and `end`: a number between a colon and a quote. */
export function holdsLengths(text: Text, start: number, end: number): boolean {
  for (let at = text.indexOf(':', start); at !== -1 && at < end; at = text.indexOf(':', at + 1)) {
    const next = text.charCodeAt(at + 1);
    if ((next === QUOTE || next === BACKSLASH || next === AMPERSAND) && digitAt(text, at - 1) !== -1) return true;
  }
  const part = text.slice(start, end);
  return part.includes('%3A%22') || part.includes('%253A%2522');
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
    level: 0,
    closing: '";',
  };
  return (text, from, limit, inRow) => {
    for (let at = from; at < limit; at++) {
      const code = text.charCodeAt(at);
      if (code !== SMALL_S && code !== CAPITAL_C) continue;
      const next = text.charCodeAt(at + 1);
      if (next !== COLON && next !== PERCENT) continue;
      const isInWord = at > 0 && continuesWord(text, at - 1, inRow);
      if (isInWord && !endsEscape(text, at)) continue;
      const isToken = code === CAPITAL_C ? readClass(text, at, token) : readString(text, at, token, next === PERCENT);
      // What looks like an escape is one where the token is escaped too.
      if (isToken && !(isInWord && token.level === 0)) return token;
    }
    return undefined;
  };
}

type Lent = { -readonly [Fact in keyof Token]: Token[Fact] };

/** Whether a string's token starts at `start`; it is then told in `token`. */
function readString(text: Text, start: number, token: Lent, inUrl: boolean): boolean {
  const colon = inUrl ? urlColon(text, start + 1) : ':';
  if (colon === undefined) return false;
  let at = start + 1 + colon.length;
  token.start = start;
  token.digitsStart = at;
  let declared = 0;
  for (let digit = digitAt(text, at); digit !== -1; digit = digitAt(text, ++at)) declared = declared * 10 + digit;
  token.digitsEnd = at;
  token.declared = declared;
  if (at === token.digitsStart || at > token.digitsStart + 10 || !text.startsWith(colon, at)) return false;
  return readQuote(text, at + colon.length, token, colon);
}

const urlColon = (text: Text, at: number): string | undefined =>
  SPELLINGS.find(({ level, colon }) => level !== HTML_LEVEL && text.startsWith(colon, at))?.colon;

function readQuote(text: Text, start: number, token: Lent, colon: string): boolean {
  let at = start;
  while (text.charCodeAt(at) === BACKSLASH) at++;
  const code = text.charCodeAt(at);
  if (code === QUOTE && colon === ':') {
    token.level = jsonLevel(at - start, false);
    token.closing = at === start ? '";' : `${text.slice(start, at)}";`;
    token.contentStart = at + 1;
    return true;
  }
  if (at > start) {
    if (!text.startsWith('u0022', at)) return false;
    token.level = jsonLevel(at - start, true);
    token.closing = `${text.slice(start, at)}u0022;`;
    token.contentStart = at + 5;
    return true;
  }
  if (code !== PERCENT && code !== AMPERSAND) return false;
  const spelling = SPELLINGS.find((each) => each.colon === colon && text.startsWith(each.quote, at));
  if (spelling === undefined) return false;
  token.level = spelling.level;
  token.closing = spelling.closing;
  token.contentStart = at + spelling.quote.length;
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
  token.level = 0;
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

/** What may be the end of an escape of JSON or of a URL: the longest, and more of it than tells. */
const ESCAPE_LENGTH = 12;
const ESCAPE = /\\(?:[nrtbf]|u([0-9a-f]{4}))$|%(?:25)*([0-9a-f]{2})$/i;

/** Whether an escape of something else than a letter or a digit ends before `at`, as in `\ns:3:\"` and `%7Bs%3A3`. */
function endsEscape(text: Text, at: number): boolean {
  const escape = ESCAPE.exec(text.slice(Math.max(0, at - ESCAPE_LENGTH), at));
  if (escape === null) return false;
  const hex = escape[1] ?? escape[2];
  return hex === undefined || !/\w/.test(String.fromCharCode(Number.parseInt(hex, 16)));
}
