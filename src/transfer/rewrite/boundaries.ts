import { COLON, SLASH, backslashesAfter, percentAfter, signAfter } from './forms.ts';

const COLON_CODE = 58;
const DOT = 46;
const AT = 64;
const SLASH_CODE = 47;
/** Stands for whatever ends a name: the end of the value, an escaped quote or line break. */
const BREAK = 32;

interface Character {
  readonly code: number;
  readonly next: number;
}

/** The character at `at` as a reader of the text sees it: JSON and percent escapes and UTF-8 decoded. */
function characterAt(text: string, at: number): Character {
  const code = text.charCodeAt(at);
  if (Number.isNaN(code)) return { code: BREAK, next: at };
  if (code === 92) return escapedCharacter(text, backslashesAfter(text, at));
  if (code === 37) return percentCharacter(text, percentAfter(text, at));
  if (code >= 0x80) return utf8Character(text.slice(at, at + 4), at + utf8Length(code));
  return { code: dotLike(code), next: at + 1 };
}

function escapedCharacter(text: string, at: number): Character {
  if (text.charCodeAt(at) === SLASH_CODE) return { code: SLASH_CODE, next: at + 1 };
  const hex = /^u([0-9a-f]{4})/i.exec(text.slice(at, at + 5));
  if (hex?.[1] === undefined) return { code: BREAK, next: at };
  return { code: dotLike(Number.parseInt(hex[1], 16)), next: at + 5 };
}

function percentCharacter(text: string, at: number): Character {
  const hex = /^[0-9a-f]{2}/i.exec(text.slice(at, at + 2));
  if (hex === null) return { code: BREAK, next: at };
  const code = Number.parseInt(hex[0], 16);
  if (code < 0x80) return { code, next: at + 2 };
  const bytes = /^[0-9a-f]{2}(?:%(?:25)*[89ab][0-9a-f]){0,3}/i.exec(text.slice(at, at + 40))?.[0] ?? hex[0];
  const raw = bytes
    .replaceAll(/%(?:25)*/g, '')
    .replaceAll(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  return utf8Character(raw, at + bytes.length);
}

function utf8Character(bytes: string, next: number): Character {
  return { code: dotLike(Buffer.from(bytes, 'latin1').toString('utf8').codePointAt(0) ?? BREAK), next };
}

/** Bytes of the character that begins with this one (RFC 3629, section 3). */
const utf8Length = (first: number): number => (first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

/** The full stops that a browser reads as a dot in a host name (UTS #46, section 4). */
const dotLike = (code: number): number => (code === 0x3002 || code === 0xff0e || code === 0xff61 ? DOT : code);

function isLetter(code: number): boolean {
  if (code < 0x80) return (code >= 48 && code <= 57) || ((code | 0x20) >= 97 && (code | 0x20) <= 122);
  return /[\p{L}\p{N}\p{M}]/u.test(String.fromCodePoint(code));
}

const isHostCharacter = (code: number): boolean => isLetter(code) || code === 45 || code === 95;

/** _ ~ @ + $ - */
const PATH_SIGNS = new Set([95, 126, 64, 43, 36, 45]);
const isPathCharacter = (code: number): boolean => isLetter(code) || PATH_SIGNS.has(code);

/** Whether the name of a path segment that reaches to `at` ends there: /blog in /blog/x, not in /blogger or /blog.html. */
export function endsSegment(text: string, at: number): boolean {
  const { code, next } = characterAt(text, at);
  if (code === DOT) return !isPathCharacter(characterAt(text, next).code);
  return !isPathCharacter(code);
}

export interface Authority {
  /** Digits as they stand there; '' without a port. */
  readonly port: string;
  readonly end: number;
}

/** Reads what follows a host name up to `at`; undefined when the name goes on or is the user name of another host. */
export function authorityAfterHost(text: string, at: number): Authority | undefined {
  const { code, next } = characterAt(text, at);
  if (code === COLON_CODE || signAfter(text, at, COLON) !== -1) return portAfter(text, at);
  if (isHostCharacter(code) || code === AT) return undefined;
  if (code === DOT) {
    const after = characterAt(text, next).code;
    // A dot at the end of a full name means the same host (RFC 3986, section 3.2.2).
    if (signAfter(text, next, SLASH) !== -1) return { port: '', end: next };
    if (isHostCharacter(after) || after === COLON_CODE || after === AT) return undefined;
  }
  return { port: '', end: at };
}

function portAfter(text: string, at: number): Authority | undefined {
  const colonEnd = signAfter(text, at, COLON);
  let end = colonEnd;
  while (end - colonEnd < 6 && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  if (isUserInfo(text, colonEnd)) return undefined;
  // A colon without a port belongs to the address where a path follows (RFC 3986, section 3.2.3), else to the sentence.
  if (end === colonEnd) return { port: '', end: signAfter(text, end, SLASH) === -1 ? at : end };
  return isHostCharacter(characterAt(text, end).code) ? undefined : { port: text.slice(colonEnd, end), end };
}

/** Whether what stands at `at` is the password of a user name: everything up to an @ (RFC 3986, section 3.2.1). */
function isUserInfo(text: string, at: number): boolean {
  return /^[\w.~!$&'()*+,;=:%-]*@/.test(text.slice(at, at + 256));
}

/** Whether an absolute path may start at `at`: what stands before it does not make it the tail of another path or of a URL. */
export function startsPath(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.slice(Math.max(0, at - 24), at);
  const escaped = /(?:\\[nrtbf0]|\\u[0-9a-f]{4}|%(?:25)*[0-9a-f]{2})$/i.exec(before);
  if (escaped !== null) return !continuesName(characterAt(before, escaped.index).code);
  const last = before.charCodeAt(before.length - 1);
  if (last === SLASH_CODE) return /file:(?:\\*\/){2,3}$/i.test(before);
  if (last < 0x80) return !continuesName(last);
  const character = /[\xc2-\xf4][\x80-\xbf]{1,3}$/.exec(before)?.[0];
  return character === undefined || !isLetter(characterAt(character, 0).code);
}

const continuesName = (code: number): boolean => code === DOT || code === SLASH_CODE || isPathCharacter(code);
