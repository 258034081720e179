import type { Patch } from './patch.ts';

/**
 * How the stored bytes of a column become those that PHP gets through its connection, where the two have different character
 * sets. PHP counts the lengths of serialized strings in what it gets. All strings hold one byte per character (latin1).
 */
export interface Reading {
  /** Whether ASCII text stands in the stored bytes as it is, so that an address can be found in them. */
  readonly ascii: boolean;
  /** Whether PHP gets the very bytes that are stored. */
  isSame(stored: string): boolean;
  read(stored: string): string;
  /** The clone stores what PHP gets: its server has not the column's character set. */
  readonly converted: boolean;
  /** Patches of what `read` gives as patches of the stored bytes: only what they replace changes, whatever cannot be converted. */
  back(stored: string, patches: readonly Patch[]): Patch[];
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
    isSame: (stored) => stored.search(units) === -1,
    read: (stored) => stored.replaceAll(units, converted),
    back: (stored, patches) => {
      const place = createPlaces(stored, units, converted);
      return patches.map(({ start, end, text }) => ({ start: place(start), end: place(end), text: write(text) }));
    },
  };
}

/** Where in the stored bytes a place of the converted ones is; places must not decrease. */
function createPlaces(stored: string, units: RegExp, converted: (unit: string) => string): (at: number) => number {
  const matches = stored.matchAll(units);
  let grown = 0;
  let next = matches.next();
  return (at) => {
    for (; !next.done; next = matches.next()) {
      const { index, 0: unit } = next.value;
      const form = converted(unit);
      if (index + grown + form.length > at) break;
      grown += form.length - unit.length;
    }
    return at - grown;
  };
}
