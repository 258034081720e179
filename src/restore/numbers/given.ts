import { largestOf } from '../../transfer/database/ids.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { directoryOf, type Directory } from '../merge/directory.ts';
import { isBornOnce } from '../merge/birth.ts';
import { cell, contentOf, tableOf, type Table } from '../merge/parts.ts';
import type { Row, TableDifferences, Versions } from '../merge/types.ts';
import { countedBy } from './columns.ts';
import { createRecognizer, type TakenNumbers } from './recognize.ts';
import { alreadyThere, numberOf } from './there.ts';

/** New numbers by table (without the prefix) and by the number in the clone. */
export type NewNumbers = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What the live site may give before a plan is written, without that it has to be made anew. */
const MARGIN = 1000n;
/** New numbers begin with a multiple of it: a plan that is made again comes to the same. */
const ROUND = 1000n;

/**
 * Finds what is new in the clone and has a number that the live site has given to something else, and gives it another one there: above all
 * that either side has. What an earlier restore has brought there already has the number that it got. A table whose numbers end is
 * left alone: what has a taken number in it is a conflict.
 */
export function newNumbers(tables: readonly TableDifferences[], info: Pick<SiteInfo, 'tables'>): NewNumbers {
  const versions = (side: 'live' | 'clone') =>
    directoryOf(
      tables.map((table) => ({ ...table, rows: table.rows.map((row): Versions => ({ [side]: row[side] })) })),
    );
  const taken = takenRows(tables);
  if (taken.length === 0) return new Map();
  const names = new Set(taken.flatMap(({ table, rows }) => rows.map((row) => nameOf(table, row))));
  const numbers: TakenNumbers = {
    has: (short, number) => names.has(`${short} ${number}`),
    all: new Set(taken.flatMap(({ table, rows }) => rows.map((row) => numberOf(table, row)))),
  };
  const directories = { live: versions('live'), clone: versions('clone') };
  const there = alreadyThere(
    taken.flatMap(({ table, rows, differences }) =>
      rows.map(createRecognizer(table, differences.rows, numbers, directories)),
    ),
  );
  return new Map(
    taken.map(({ table, rows, differences }) => {
      const live = info.tables.find(({ name }) => name === table.name);
      return [table.short, numbersFor(table, rows, { there, first: firstNumber(table, differences, live), live })];
    }),
  );
}

interface Taken {
  readonly table: Table;
  readonly differences: TableDifferences;
  /** The clone's. */
  readonly rows: readonly Row[];
}

/** New rows of the clone that the live site has others for. Two that were made once are one, unless what they belong to is two. */
function takenRows(tables: readonly TableDifferences[]): Taken[] {
  const nobody = directoryOf([]);
  const names = numbersOfOthers(tables, nobody);
  const known = tables.map((differences) => ({ differences, table: tableOf(differences) }));
  const both = known.filter(({ table }) => canBeTaken(table)).map(({ table, differences }) => {
    const rows = differences.rows.flatMap(({ base, live, clone }) => (!base && live && clone ? [{ live, clone }] : []));
    return { table, differences, rows };
  }); // prettier-ignore
  const belongs = (table: Table, row: Row): boolean =>
    table.columns.some((column) => names.has(`${countedBy(table, row, column, nobody)} ${cell(table, row, column)}`));
  for (let before = -1; before < names.size;) {
    before = names.size;
    for (const { table, rows } of both)
      for (const { live, clone } of rows)
        if (isAnother(table, live, clone) || belongs(table, clone)) names.add(nameOf(table, clone));
  }
  return both
    .map(({ rows, ...rest }) => ({
      ...rest,
      rows: rows.flatMap(({ clone }) => (names.has(nameOf(rest.table, clone)) ? [clone] : [])),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** Nobody knows whether a row was there before where rows cannot be compared. */
const canBeTaken = (table: Table): boolean =>
  table.class.kind === 'entity' && table.doubt === undefined && table.key?.length === 1;

const differ = (table: Table, live: Row, clone: Row): boolean => contentOf(table, [live]) !== contentOf(table, [clone]);

const isAnother = (table: Table, live: Row, clone: Row): boolean =>
  differ(table, live, clone) && !isBornOnce(table, live, clone);

const nameOf = (table: Table, row: Row): string => `${table.short} ${numberOf(table, row)}`;

/**
 * What is described in a table beside its own, as an order beside the post that holds its place: where two of these are new and differ, the
 * posts are two as well, however alike they are.
 */
function numbersOfOthers(tables: readonly TableDifferences[], nobody: Directory): Set<string> {
  const found = new Set<string>();
  for (const differences of tables) {
    const table = tableOf(differences);
    const [column = '', more] = table.key ?? [];
    if (table.class.kind !== 'keyed' || more !== undefined) continue;
    for (const { base, live, clone } of differences.rows) {
      const short = clone && countedBy(table, clone, column, nobody);
      if (!base && live && clone && short !== undefined && differ(table, live, clone))
        found.add(`${short} ${cell(table, clone, column)}`);
    }
  }
  return found;
}

function numbersFor(
  table: Table,
  rows: readonly Row[],
  { there, first, live }: { there: ReadonlyMap<string, string>; first: bigint; live: TableInfo | undefined },
): Map<string, string> {
  const column = live?.columns.find(({ name }) => name === table.class.identity[0]);
  const largest = column && largestOf(column.type);
  const numbers = new Map<string, string>();
  let next = first;
  for (const row of rows.toSorted((one, other) => Number(numberOf(table, one)) - Number(numberOf(table, other)))) {
    const number = numberOf(table, row);
    const known = there.get(nameOf(table, row));
    if (known !== undefined && known !== number) numbers.set(number, known);
    else if (known === undefined && largest !== undefined && next <= largest) numbers.set(number, String(next++));
  }
  return numbers;
}

function firstNumber(table: Table, { rows }: TableDifferences, live: TableInfo | undefined): bigint {
  const counter = / AUTO_INCREMENT=(\d{1,20})/.exec(live?.definition ?? '')?.[1];
  const numbers = rows.flatMap((versions) =>
    [versions.base, versions.live, versions.clone].flatMap((row) => (row ? numberOf(table, row) : [])),
  );
  const highest = [counter ?? '0', String(table.common ?? 0), ...numbers]
    .filter((each) => /^\d+$/.test(each))
    .reduce((most, each) => (BigInt(each) > most ? BigInt(each) : most), 0n);
  return ((highest + MARGIN + ROUND) / ROUND) * ROUND;
}
