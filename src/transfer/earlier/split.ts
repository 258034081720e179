import { hash } from 'node:crypto';
import { isLater, type Key } from './keys.ts';
import type { EarlierTable } from './open.ts';

const TAB = 0x09;
const LF = 0x0a;

/** Some rows of a text of rows, from one byte to another. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly last: Key;
  readonly sha256: string;
}

/**
 * Divides rows into parts of about as many each. Undefined when their keys are no numbers, or not what they should be: the rows after
 * `after` up to `last`.
 */
export function splitRows(
  rows: Buffer,
  table: Pick<EarlierTable, 'columns' | 'key' | 'isNumbered'>,
  between: { readonly after: Key | null; readonly last: Key | null },
  count: { readonly rows: number; readonly parts: number },
): readonly Part[] | undefined {
  const columns = table.key?.map((name) => table.columns.indexOf(name)) ?? [];
  if (!table.isNumbered || columns.some((column) => column === -1)) return undefined;
  const size = Math.ceil(count.rows / count.parts);
  const parts: Part[] = [];
  let before = between.after;
  for (let from = 0; from < rows.length;) {
    const part = rowsFrom(rows, from, size);
    if (part === undefined) return undefined;
    const last = keyOf(rows.subarray(part.lastRow, part.to - 1), columns);
    if (!isLater(table, last, before)) return undefined;
    parts.push({ from, to: part.to, rows: part.rows, last, sha256: hash('sha256', rows.subarray(from, part.to)) });
    [from, before] = [part.to, last];
  }
  return JSON.stringify(before) === JSON.stringify(between.last) ? parts : undefined;
}

/** Some of the rows of a text. */
export function rowsOf(text: Buffer, first: number, rows: number): Buffer {
  const from = rowsFrom(text, 0, first)?.to ?? text.length;
  return text.subarray(from, rowsFrom(text, from, rows)?.to ?? text.length);
}

/** So many rows, or fewer at the end; undefined when the text does not end with a row. A line feed in a value is escaped. */
function rowsFrom(text: Buffer, from: number, most: number) {
  let lastRow = from;
  let to = from;
  let rows = 0;
  while (rows < most && to < text.length) {
    const end = text.indexOf(LF, to);
    if (end === -1) return undefined;
    [lastRow, to, rows] = [to, end + 1, rows + 1];
  }
  return { lastRow, to, rows };
}

function keyOf(row: Buffer, columns: readonly number[]): Key {
  const fields: Buffer[] = [];
  for (let from = 0, number = 0; number <= Math.max(...columns); number += 1) {
    const end = row.indexOf(TAB, from);
    fields.push(row.subarray(from, end === -1 ? row.length : end));
    from = end === -1 ? row.length : end + 1;
  }
  return columns.map((column) => (fields[column] ?? Buffer.alloc(0)).toString('base64'));
}
