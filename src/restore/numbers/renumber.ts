import type { SiteInfo } from '../../site/info.ts';
import { applyPatches, type Patch } from '../../transfer/rewrite/patch.ts';
import { createLengthFixer } from '../../transfer/rewrite/serialized.ts';
import { directoryOf } from '../merge/directory.ts';
import { tableOf, type Table } from '../merge/parts.ts';
import type { Row, TableDifferences, Value, Versions } from '../merge/types.ts';
import type { RawRows } from '../rows/compose.ts';
import { isPlain } from './columns.ts';
import { bareNumbers, numbersIn } from './find.ts';
import type { Reading } from './texts.ts';
import { newNumbers, type NewNumbers } from './given.ts';
import { sameDesigns } from './same-designs.ts';
import { sameTerms } from './same-terms.ts';

/** A number in a row that may mean a thing with another number on the live site, or something else. */
export interface UnknownPlace {
  readonly column: string;
  readonly number: string;
}

export interface Renumbered {
  readonly tables: readonly TableDifferences[];
  readonly numbers: NewNumbers;
  /** By rows of the clone as they are in `tables`. */
  readonly unknown: ReadonlyMap<Row, readonly UnknownPlace[]>;
}

/** Whether a number of the live site, of a table or (undefined) of any, is that of something that has another one in the clone. */
export function givenNumbers({ numbers }: Renumbered): (short: string | undefined, number: string) => boolean {
  const given = new Map([...numbers].map(([short, each]) => [short, new Set(each.values())]));
  return (short, number) =>
    short === undefined ? [...given.values()].some((each) => each.has(number)) : given.get(short)?.has(number) === true;
}

/**
 * Gives what is new in the clone another number where the live site gave that one away meanwhile, or has made the same itself, in all rows that
 * the clone changed and in which a number is known to mean it. `raws` are the same rows as the clone has them, `hosts` those
 * of its own addresses.
 */
export function renumber(
  tables: readonly TableDifferences[],
  info: Pick<SiteInfo, 'tables'>,
  { raws, hosts }: { readonly raws: RawRows; readonly hosts: readonly string[] },
): Renumbered {
  const numbers = together([newNumbers(tables, info), sameTerms(tables), sameDesigns(tables)]);
  const unknown = new Map<Row, readonly UnknownPlace[]>();
  if (numbers.size === 0) return { tables, numbers, unknown };
  const directory = directoryOf(
    tables.map((table) => ({ ...table, rows: table.rows.map(({ clone }): Versions => ({ clone })) })),
  );
  const reading = { directory, hosts };
  const moved = new Set([...numbers.values()].flatMap((each) => [...each.keys()]));
  const inCell = createRewriter(numbers, reading);
  const renumbered = tables.map((differences) => {
    const table = tableOf(differences);
    const types = info.tables.find(({ name }) => name === table.name)?.columns ?? [];
    const typeOf = (column: string): string => types.find(({ name }) => name === column)?.type ?? '';
    const unsure = (row: Row, base: Row | undefined): UnknownPlace[] =>
      table.columns.flatMap((column, at) =>
        row[at] === base?.[at] || isPlain(table, column, typeOf(column))
          ? []
          : unknownIn(table, row, column, moved, reading),
      );
    const rows = differences.rows.flatMap((versions): Versions[] => {
      const { base, clone } = versions;
      if (!clone || (base && base.every((value, at) => value === clone[at]))) return [versions];
      const rewritten = clone.map((value, at) => (value === base?.[at] ? value : inCell(table, clone, at, value)));
      const same = rewritten.every((value, at) => value === clone[at]);
      const row = same ? clone : rewritten;
      const left = unsure(clone, base);
      if (left.length > 0) unknown.set(row, left);
      if (same) return [versions];
      const raw = raws.get(clone);
      if (raw) raws.set(row, raw.map((value, at) => (clone[at] === row[at] ? value : inCell(table, raw, at, value)))); // prettier-ignore
      return apart(table, versions, row);
    });
    return { ...differences, rows };
  });
  return { tables: renumbered, numbers, unknown };
}

/** Of two that say of one number what it is, the later is right. */
function together(all: readonly NewNumbers[]): NewNumbers {
  const numbers = new Map<string, Map<string, string>>();
  for (const [short, each] of all.flatMap((one) => [...one]))
    if (each.size > 0) numbers.set(short, new Map([...(numbers.get(short) ?? []), ...each]));
  return numbers;
}

/** A row that has another key by now is another row. */
function apart(table: Table, versions: Versions, clone: Row): Versions[] {
  const isSame = (table.key ?? []).every((column) => versions.clone?.[table.at(column)] === clone[table.at(column)]);
  if (isSame || table.key === null) return [{ ...versions, clone }];
  return versions.live ? [{ live: versions.live }, { clone }] : [{ clone }];
}

type InCell = (table: Table, row: Row, at: number, value: Value) => Value;

function createRewriter(numbers: NewNumbers, reading: Reading): InCell {
  const fixLengths = createLengthFixer();
  return (table, row, at, value) => {
    if (value === null || value === '') return value;
    const patches = numbersIn(table, row, table.columns[at] ?? '', value, reading).flatMap(
      ({ start, end, short }): Patch[] => {
        const text = short === null ? undefined : numbers.get(short)?.get(value.slice(start, end));
        return text === undefined ? [] : [{ start, end, text }];
      },
    );
    if (patches.length === 0) return value;
    const fixed = fixLengths(value, { start: 0, end: value.length, inRow: false }, patches);
    return applyPatches(value, fixed?.lengths.mergedWith(patches, value) ?? patches);
  };
}

function unknownIn(
  table: Table,
  row: Row,
  column: string,
  moved: ReadonlySet<string>,
  reading: Reading,
): UnknownPlace[] {
  const text = row[table.at(column)] ?? '';
  const found = bareNumbers(text).filter(({ digits }) => moved.has(digits));
  if (found.length === 0) return [];
  const known = new Set(numbersIn(table, row, column, text, reading).map(({ start }) => start));
  return found.filter(({ start }) => !known.has(start)).map(({ digits }) => ({ column, number: digits }));
}
