import type { Text } from './text.ts';

/** One decoding: what it replaces, by what, and how long the longest is. */
interface Step {
  readonly pattern: RegExp;
  readonly decode: (escape: string) => string;
  readonly longest: number;
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const JSON_STEP: Step = {
  pattern: /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g,
  decode: (escape) => (escape.length < 6 ? escape.slice(1) : utf8(String(JSON.parse(`"${escape}"`)))),
  // Two halves of a character.
  longest: 12,
};

/** Blanks are written + or %20, one byte either way. */
const URL_STEP: Step = {
  pattern: /%[0-9a-fA-F]{2}/g,
  decode: (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  longest: 3,
};

/** What htmlspecialchars of PHP and its kin write. */
const HTML_STEP: Step = {
  pattern: /&(?:amp|lt|gt|quot|apos|#0{0,4}\d{1,7}|#[xX]0{0,4}[0-9a-fA-F]{1,6});/g,
  decode: (entity) => (entity.startsWith('&#') ? utf8(numbered(entity.slice(2, -1))) : '&'),
  longest: 14,
};

function numbered(digits: string): string {
  const code = Number(/^x/i.test(digits) ? `0${digits}` : digits);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
}

/**
 * What may have been done to serialized text after its lengths were counted: JSON up to three times around it, URL encoding up to twice, or HTML's
 * entities. The first is nothing.
 */
const LEVELS: readonly (readonly Step[])[] = [
  [],
  [JSON_STEP],
  [JSON_STEP, JSON_STEP],
  [JSON_STEP, JSON_STEP, JSON_STEP],
  [URL_STEP],
  [URL_STEP, URL_STEP],
  [HTML_STEP],
];
export const LEVEL_COUNT = LEVELS.length;
export const URL_LEVEL = 4;
export const HTML_LEVEL = 6;

/** How often JSON has been wrapped around a quote that this many backslashes stand before; undefined when none gives that number. */
const QUOTE_LEVELS: readonly (number | undefined)[] = [0, 1, undefined, 2, undefined, undefined, undefined, 3];
/** The same of a quote that is written `u0022`, as JSON within an HTML comment or attribute has it. */
const HEX_LEVELS: readonly (number | undefined)[] = [undefined, 1, 2, 2, 3, undefined, 3, 3];

export const jsonLevel = (backslashes: number, isHex: boolean): number | undefined =>
  (isHex ? HEX_LEVELS : QUOTE_LEVELS)[backslashes];

/** The bytes of latin1 text after decoding it. */
export function decodedLength(text: string, level: number): number {
  let result = text;
  for (const { pattern, decode } of LEVELS[level] ?? []) result = result.replaceAll(pattern, decode);
  return result.length;
}

/** Longer text is decoded in parts of this many characters. */
const PART = 64 * 1024;

/** A part of a text in pieces, decoded. */
export function decodedParts(text: Text, start: number, end: number, level: number): Iterable<string> {
  let parts: Iterable<string> = partsOf(text, start, end);
  for (const step of LEVELS[level] ?? []) parts = decoded(parts, step);
  return parts;
}

function* partsOf(text: Text, start: number, end: number): Generator<string> {
  for (let at = start; at < end; at += PART) yield text.slice(at, Math.min(at + PART, end));
}

function* decoded(parts: Iterable<string>, step: Step): Generator<string> {
  let rest = '';
  for (const part of parts) {
    const text = rest + part;
    const end = endOfWholeEscapes(text, step);
    yield text.slice(0, end).replaceAll(step.pattern, step.decode);
    rest = text.slice(end);
  }
  yield rest.replaceAll(step.pattern, step.decode);
}

/** Up to where text can be decoded whatever follows it. */
function endOfWholeEscapes(text: string, { pattern, longest }: Step): number {
  const certain = Math.max(0, text.length - longest);
  let end = certain;
  for (const { index, 0: escape } of text.matchAll(pattern)) {
    if (index >= certain) break;
    end = Math.max(certain, index + escape.length);
  }
  return end;
}
