import { stripVTControlCharacters } from 'node:util';
import { table } from '../../shared/format.ts';

/** Characters in a line of the terminal that standard output is; undefined where it is none: pipes get all of a table. */
export const lineWidth = (): number | undefined =>
  process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;

/** What a table can do with less of, or without. */
export interface Spare {
  /** The column whose cells, which have no colours, may be cut. */
  readonly cut: number;
  /** Columns that go when that is not enough, in this order. */
  readonly drop: readonly number[];
}

const LEAST = 12;

/** A table that fits into lines of `width` characters as far as it can; what people copy from it is never cut. */
export function fittedTable(
  rows: readonly (readonly string[])[],
  width: number | undefined,
  { cut, drop }: Spare,
): string {
  const whole = table(rows);
  const over = width === undefined ? 0 : widthOf(whole) - width;
  if (over <= 0) return whole;
  const widest = Math.max(...rows.map((row) => row[cut]?.length ?? 0));
  const room = Math.max(LEAST, widest - over);
  const shorter = rows.map((row, at) =>
    row.map((cell, column) => (column === cut && at > 0 ? short(cell, room) : cell)),
  );
  const text = table(shorter);
  const [first, ...more] = drop;
  if (first === undefined || widthOf(text) <= (width ?? 0)) return text;
  const without = rows.map((row) => row.filter((_, column) => column !== first));
  const moved = (column: number): number => (column > first ? column - 1 : column);
  return fittedTable(without, width, { cut: first === cut ? -1 : moved(cut), drop: more.map(moved) });
}

const short = (cell: string, room: number): string => (cell.length > room ? `${cell.slice(0, room - 1)}…` : cell);

const widthOf = (text: string): number =>
  Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
