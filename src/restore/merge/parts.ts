import { classOf, quietColumns, shortName, type TableClass } from './classes.ts';
import type { Row, TableDifferences, Value, Versions } from './types.ts';

/** What is known of a table while its rows are merged. */
export interface Table extends Omit<TableDifferences, 'rows'> {
  /** Its name without the prefix. */
  readonly short: string;
  readonly class: TableClass;
  /** Where a column stands; -1 for none. */
  readonly at: (column: string) => number;
}

/** The rows that have one identity, in each version, in the order of their numbers. */
export interface Part {
  readonly table: Table;
  readonly key: string;
  readonly base: readonly Row[];
  readonly live: readonly Row[];
  readonly clone: readonly Row[];
}

export type Version = 'base' | 'live' | 'clone';
export const VERSIONS = ['base', 'live', 'clone'] as const satisfies readonly Version[];

export function tableOf(differences: TableDifferences): Table {
  const { rows: _, whole, ...rest } = differences;
  const table = { ...rest, ...(whole === true && { whole }) };
  const places = new Map(table.columns.map((column, index) => [column, index]));
  return { ...table, short: shortName(table), class: classOf(table), at: (column) => places.get(column) ?? -1 };
}

/** The value of a column; null also where there is no such column. */
export const cell = (table: Table, row: Row, column: string): Value => row[table.at(column)] ?? null;

/** Gathers rows by identity. */
export function partsOf(table: Table, rows: readonly Versions[]): Part[] {
  const parts = new Map<string, Record<Version, Row[]>>();
  for (const versions of rows)
    for (const version of VERSIONS) {
      const row = versions[version];
      if (row === undefined) continue;
      const key = identityOf(table, row);
      const part = parts.get(key) ?? { base: [], live: [], clone: [] };
      parts.set(key, part);
      part[version].push(row);
    }
  return [...parts].map(([key, part]) => ({ table, key, ...sorted(table, part) }));
}

/** In one text: values have no NUL between two that could be mistaken, since their lengths stand before them. */
export const identityOf = (table: Table, row: Row): string =>
  table.class.identity.map((column) => lengthed(cell(table, row, column))).join('');

const lengthed = (value: Value): string => (value === null ? '-' : `${value.length}:${value}`);

function sorted(table: Table, part: Record<Version, Row[]>): Record<Version, Row[]> {
  const carrier = table.class.carriers[0];
  if (carrier === undefined) return part;
  const byCarrier = (a: Row, b: Row): number => Number(cell(table, a, carrier)) - Number(cell(table, b, carrier));
  for (const version of VERSIONS) part[version].sort(byCarrier);
  // A setting that is there more than once because its index was lost: WordPress reads the first.
  if (table.class.kind === 'setting') for (const version of VERSIONS) part[version].splice(1);
  return part;
}

/** Where columns stand that change by themselves. */
export const quietPlaces = (table: Table): number[] =>
  Object.keys(quietColumns(table.short)).map((column) => table.at(column));

/** What rows say: their values without what carries them or what changes by itself. */
export function contentOf(table: Table, rows: readonly Row[], quiet: 'with' | 'without' = 'without'): string {
  const left = new Set(table.class.carriers.map((column) => table.at(column)));
  if (quiet === 'without') for (const at of quietPlaces(table)) left.add(at);
  const texts = rows.map((row) => row.map((value, at) => (left.has(at) ? '' : lengthed(value))).join(''));
  // Of rows without a key, nobody knows an order.
  return (table.class.kind === 'unkeyed' ? texts.toSorted() : texts).join('\n');
}

/** Whether a version says something else than another. */
export const differs = (part: Part, one: Version, other: Version): boolean =>
  contentOf(part.table, part[one]) !== contentOf(part.table, part[other]);
