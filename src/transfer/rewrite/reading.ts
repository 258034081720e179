import type { Patch } from './patch.ts';
import type { Text } from './text.ts';

/**
 * How the stored bytes of a column become those that PHP gets through its connection, where the two have different character
 * sets. PHP counts the lengths of serialized strings in what it gets. All strings hold one byte per character (latin1).
 */
export interface Reading {
  /** Whether ASCII text stands in the stored bytes as it is, so that an address can be found in them. */
  readonly ascii: boolean;
  /** Whether PHP gets the very bytes that are stored. */
  isSame(stored: Text): boolean;
  read(stored: string): string;
  /** The same in parts. */
  readParts(stored: Text): Generator<string>;
  /** The clone stores what PHP gets: its server has not the column's character set. */
  readonly converted: boolean;
  /** Patches of what `read` gives as patches of the stored bytes: only what they replace changes, whatever cannot be converted. */
  back(stored: Text, patches: Iterable<Patch>): Generator<Patch>;
}

export interface ReadingRules {
  readonly ascii: boolean;
  /** Matches each character that PHP gets in another form; global. */
  readonly units: RegExp;
  /** The form that PHP gets. */
  readonly convert: (unit: string) => string;
  /** ASCII text as the column stores it. */
  readonly write: (text: string) => string;
  readonly converted?: boolean;
}

/** Conversions are remembered: the characters of a text are few. */
export function createReading({ ascii, units, convert, write, converted: isConverted = false }: ReadingRules): Reading {
  const known = new Map<string, string>();
  const converted = (unit: string): string => {
    let form = known.get(unit);
    if (form === undefined) known.set(unit, (form = convert(unit)));
    return form;
  };
  return {
    ascii,
    converted: isConverted,
    isSame: (stored) => unitsOf(stored, units).next().done === true,
    read: (stored) => stored.replaceAll(units, converted),
    *readParts(stored) {
      for (const part of partsOf(stored, units)) yield part.text.replaceAll(units, converted);
    },
    *back(stored, patches) {
      const place = createPlaces(stored, units, converted);
      for (const { start, end, text } of patches) yield { start: place(start), end: place(end), text: write(text) };
    },
  };
}

/** Text is looked at in parts of this many characters. */
const PART = 64 * 1024;
/** More than the longest unit has. */
const LONGEST = 8;

/** Cuts a text between two units. */
function* partsOf(text: Text, units: RegExp): Generator<{ readonly start: number; readonly text: string }> {
  for (let start = 0; start < text.length;) {
    const part = text.slice(start, Math.min(start + PART + LONGEST, text.length));
    const end = start + part.length < text.length ? endOfUnits(part, units) : part.length;
    yield { start, text: part.slice(0, end) };
    start += end;
  }
}

function endOfUnits(part: string, units: RegExp): number {
  let end = PART;
  for (const { index, 0: unit } of part.matchAll(units)) {
    if (index >= PART) break;
    end = Math.max(PART, index + unit.length);
  }
  return end;
}

function* unitsOf(text: Text, units: RegExp): Generator<{ readonly index: number; readonly unit: string }> {
  for (const part of partsOf(text, units))
    for (const { index, 0: unit } of part.text.matchAll(units)) yield { index: part.start + index, unit };
}

/** Where in the stored bytes a place of the converted ones is; places must not decrease. */
function createPlaces(stored: Text, units: RegExp, converted: (unit: string) => string): (at: number) => number {
  const matches = unitsOf(stored, units);
  let grown = 0;
  let next = matches.next();
  return (at) => {
    for (; !next.done; next = matches.next()) {
      const { index, unit } = next.value;
      const form = converted(unit);
      if (index + grown + form.length > at) break;
      grown += form.length - unit.length;
    }
    return at - grown;
  };
}
