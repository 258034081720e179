/** Where a number of some row stands in a text: characters `start` up to `end` are its digits. */
export interface NumberPlace {
  readonly start: number;
  readonly end: number;
  /** The table of the row that is meant, without the prefix; null: this number means no row. */
  readonly short: string | null;
}

/** The place of a match's group. Groups that did not match, and what is no number of a row, have none. */
export function groupPlace(match: RegExpExecArray, group: number, short: string | null): NumberPlace[] {
  const [start, end] = match.indices?.[group] ?? [];
  return start === undefined || end === undefined ? [] : [{ start, end, short }];
}

/** All numbers in a part of a text, such as `1,2,3`. */
export function listPlaces(text: string, start: number, end: number, short: string | null): NumberPlace[] {
  return [...text.slice(start, end).matchAll(/\d+/g)].map(({ index, 0: digits }) => ({
    start: start + index,
    end: start + index + digits.length,
    short,
  }));
}

/** In order, each number once: where two know of one, the first in the list is right. */
export function inOrder(places: readonly NumberPlace[]): NumberPlace[] {
  const seen = new Set<number>();
  return places
    .filter(({ start }) => !seen.has(start) && seen.add(start))
    .toSorted((one, other) => one.start - other.start);
}
