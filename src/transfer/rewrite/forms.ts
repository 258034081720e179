import type { Text } from './text.ts';

/**
 * The forms in which one ASCII character of a URL appears in stored text. All functions look at a latin1 string, so that one
 * character is one byte, and treat a run of backslashes as one sign whatever its length: `\/`, `\\/` and `\\\/` are all an
 * escaped slash, however many times JSON, or the row format, was wrapped around it.
 */
interface Sign {
  readonly code: number;
  /** Lower-case hexadecimal digits of the code, as in %2f and \u002f. */
  readonly hex: readonly [number, number];
  readonly entity: RegExp;
}

const BACKSLASH = 92;
const PERCENT = 37;
const AMPERSAND = 38;
const SEMICOLON = 59;
/** Room for the longest entity below. */
const ENTITY_LENGTH = 8;

const sign = (character: string, entity: RegExp): Sign => {
  const hex = character.charCodeAt(0).toString(16);
  return { code: character.charCodeAt(0), hex: [hex.charCodeAt(0), hex.charCodeAt(1)], entity };
};

export const SLASH = sign('/', /^&(?:#x0*2f|#0*47|sol);$/i);
export const COLON = sign(':', /^&(?:#x0*3a|#0*58|colon);$/i);

/** Lower-cases an ASCII letter; other codes that this file compares with come out as something else than what is sought. */
const lower = (code: number): number => code | 0x20;

/** Where the form of `wanted` that ends right before `end` starts, or -1. */
export function signBefore(text: string, end: number, wanted: Sign): number {
  const last = text.charCodeAt(end - 1);
  if (last === wanted.code) return backslashesBefore(text, end - 1);
  if (lower(last) === wanted.hex[1] && text.charCodeAt(end - 2) === wanted.hex[0])
    return encodedBackslashesBefore(text, escapeBefore(text, end - 2));
  if (last !== SEMICOLON) return -1;
  const start = text.lastIndexOf('&', end - 1);
  return start !== -1 && end - start <= ENTITY_LENGTH && wanted.entity.test(text.slice(start, end)) ? start : -1;
}

/** Where the form of `wanted` that starts at `start` ends, or -1. */
export function signAfter(text: string, start: number, wanted: Sign): number {
  const first = text.charCodeAt(start);
  if (first === wanted.code) return start + 1;
  if (first === BACKSLASH) {
    const at = backslashesAfter(text, start);
    if (text.charCodeAt(at) === wanted.code) return at + 1;
    return text.startsWith('u00', at) && isHex(text, at + 3, wanted) ? at + 5 : -1;
  }
  if (first === PERCENT) {
    const at = percentAfter(text, encodedBackslashesAfter(text, start));
    return isHex(text, at, wanted) ? at + 2 : -1;
  }
  if (first !== AMPERSAND) return -1;
  const end = text.indexOf(';', start) + 1;
  return end !== 0 && end - start <= ENTITY_LENGTH && wanted.entity.test(text.slice(start, end)) ? end : -1;
}

/** Where the run of backslashes starts that ends right before `end`; `end` when there is none. */
export function backslashesBefore(text: Pick<Text, 'charCodeAt'>, end: number): number {
  let start = end;
  while (start > 0 && text.charCodeAt(start - 1) === BACKSLASH) start--;
  return start;
}

/** Where the run of backslashes ends that starts at `start`; `start` when there is none. */
export function backslashesAfter(text: string, start: number): number {
  let end = start;
  while (text.charCodeAt(end) === BACKSLASH) end++;
  return end;
}

/** The end of a percent sign that may itself have been percent-encoded: %, %25, %2525. */
export function percentAfter(text: string, start: number): number {
  let end = start + 1;
  while (text.startsWith('25', end)) end += 2;
  return end;
}

/** Where the run of `%5C` starts that ends right before `end`: what JSON puts before a slash, in text that was URL-encoded afterwards. */
function encodedBackslashesBefore(text: string, end: number): number {
  let start = end;
  while (start >= 3 && isBackslash(text, start - 2)) {
    const percent = escapeBefore(text, start - 2);
    if (percent === -1 || text.charCodeAt(percent) !== PERCENT) break;
    start = percent;
  }
  return start;
}

function encodedBackslashesAfter(text: string, start: number): number {
  let end = start;
  while (text.charCodeAt(end) === PERCENT) {
    const digits = percentAfter(text, end);
    if (!isBackslash(text, digits) || text.charCodeAt(digits + 2) !== PERCENT) break;
    end = digits + 2;
  }
  return end;
}

/** Whether the digits at `at` are 5C. */
const isBackslash = (text: string, at: number): boolean =>
  text.charCodeAt(at) === 53 && lower(text.charCodeAt(at + 1)) === 99;

/** The start of `%`, `%25` or `\u00` right before the two digits at `digits`, or -1. */
function escapeBefore(text: string, digits: number): number {
  let start = digits;
  while (start >= 2 && text.startsWith('25', start - 2)) start -= 2;
  if (text.charCodeAt(start - 1) === PERCENT) return start - 1;
  if (digits < 4 || !text.startsWith('u00', digits - 3)) return -1;
  const run = backslashesBefore(text, digits - 3);
  return run < digits - 3 ? run : -1;
}

function isHex(text: string, at: number, wanted: Sign): boolean {
  return text.charCodeAt(at) === wanted.hex[0] && lower(text.charCodeAt(at + 1)) === wanted.hex[1];
}
