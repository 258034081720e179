import { cell, type Table } from '../merge/parts.ts';
import type { Row } from '../merge/types.ts';
import { countedBy } from './columns.ts';
import { inOrder, type NumberPlace } from './places.ts';
import { scalarsOf } from './serialized.ts';
import { textPlaces, type Reading } from './texts.ts';
import { namedPlaces } from './values.ts';

/** The numbers of rows in a cell, as far as their meaning is known, in order. `reading`: of the clone's rows alone. */
export function numbersIn(table: Table, row: Row, column: string, text: string, reading: Reading): NumberPlace[] {
  const { directory, hosts } = reading;
  const counted = countedBy(table, row, column, directory);
  if (counted !== undefined) return /^\d+$/.test(text) ? [{ start: 0, end: text.length, short: counted }] : [];
  const named = /^(option|meta)_value$/.test(column) ? namedPlaces(table, row, text, directory) : [];
  if (table.short === 'posts' && OF_ITSELF.has(column)) {
    const own = cell(table, row, 'ID');
    return bareNumbers(text).flatMap(({ start, digits }) =>
      digits === own ? [{ start, end: start + digits.length, short: 'posts' }] : [],
    );
  }
  return inOrder([...named, ...textPlaces(text, hosts)]);
}

/** What a post is called: by its number, where it has no title. */
const OF_ITSELF = new Set(['post_name', 'guid']);

/** All whole numbers that stand alone in a text. Lengths and places in what is serialized are none. */
export function bareNumbers(text: string): { readonly start: number; readonly digits: string }[] {
  if (!/\d/.test(text)) return [];
  const spans = scalarsOf(text) ?? [{ start: 0, end: text.length }];
  return spans.flatMap(({ start, end }) =>
    [...text.slice(start, end).matchAll(BARE)].map(({ index, 0: digits }) => ({ start: start + index, digits })),
  );
}

const BARE = /(?<!\d|\d\.)\d+(?!\d|\.\d)/g;
