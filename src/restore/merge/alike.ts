import { cell, tableOf, type Table } from './parts.ts';
import type { Row, TableDifferences, Value, Versions } from './types.ts';

/** Two rows of these that say the same are two things all the same. */
const THINGS = new Set(['posts', 'comments', 'users', 'terms', 'term_taxonomy', 'links', 'options', 'wc_orders']);

/** Rounds in which what refers to something alike is found alike too. */
const ROUNDS = 3;

interface Made {
  readonly table: Table;
  /** Rows that one side alone has and made itself, in the order of their numbers. */
  readonly here: readonly Row[];
  readonly there: readonly Row[];
}

/** Rows of the clone, and the live site's that say the same. */
type Pairs = Map<Row, { readonly made: Made; readonly live: Row }>;

/**
 * The same differences, in which rows that both sides made for themselves are one row where they say the same but for their number: what
 * code gathers on any site that it runs on, such as the words that a plugin wants translated. A row that something else in the clone refers
 * to by its number stays what it is.
 */
export function withAlikeRows(tables: readonly TableDifferences[]): readonly TableDifferences[] {
  const made = tables.flatMap((differences) => madeIn(differences) ?? []);
  const pairs: Pairs = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = pairs.size;
    const numbers = numbersOf(pairs);
    for (const each of made) pair(each, pairs, numbers);
    if (pairs.size === before) break;
  }
  releaseReferredTo(tables, pairs);
  if (pairs.size === 0) return tables;
  const merged = new Map([...pairs].map(([clone, { live }]) => [live, clone]));
  return tables.map((differences) => ({
    ...differences,
    rows: differences.rows.flatMap((versions): Versions[] => {
      const { base, live, clone } = versions;
      if (clone && !base && !live && pairs.has(clone)) return [];
      return live && merged.has(live) ? [{ ...versions, clone: live }] : [versions];
    }),
  }));
}

function madeIn(differences: TableDifferences): Made | undefined {
  const table = tableOf(differences);
  const { whole, doubt, twoSided, rows } = differences;
  const counted = table.class.kind === 'entity' && table.key?.length === 1 && table.key[0] === table.counter;
  if (!counted || whole || doubt !== undefined || twoSided || THINGS.has(table.short)) return undefined;
  const byNumber = (one: Row, other: Row): number => Number(numberOf(table, one)) - Number(numberOf(table, other));
  const here = rows.flatMap(({ base, live, clone }) => (!base && !live && clone ? [clone] : []));
  const there = rows.flatMap(({ base, live, clone }) => (!base && live && !clone ? [live] : []));
  if (here.length === 0 || there.length === 0) return undefined;
  return { table, here: here.toSorted(byNumber), there: there.toSorted(byNumber) };
}

const numberOf = (table: Table, row: Row): Value => cell(table, row, table.counter ?? '');

/** What numbers of the clone's alike rows are on the live site. */
function numbersOf(pairs: Pairs): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>();
  for (const [clone, { made, live }] of pairs) {
    const [ours, theirs] = [numberOf(made.table, clone), numberOf(made.table, live)];
    if (ours !== null && theirs !== null) numbers.set(ours, theirs);
  }
  return numbers;
}

function pair(made: Made, pairs: Pairs, numbers: ReadonlyMap<string, string>): void {
  const { table } = made;
  const taken = new Set([...pairs.values()].map(({ live }) => live));
  const says = (row: Row, as: (value: Value) => Value): string =>
    JSON.stringify(row.map((value, at) => (at === table.at(table.counter ?? '') ? null : as(value))));
  const waiting = Map.groupBy(
    made.there.filter((row) => !taken.has(row)),
    (row) => says(row, (value) => value),
  );
  for (const row of made.here) {
    if (pairs.has(row)) continue;
    const live = waiting.get(says(row, (value) => numbers.get(value ?? '') ?? value))?.shift();
    if (live) pairs.set(row, { made, live });
  }
}

/** Whoever refers to a row by its number would find nothing: what is told of by rows that travel travels too, and what tells of that. */
function releaseReferredTo(tables: readonly TableDifferences[], pairs: Pairs): void {
  for (let released = true; released && pairs.size > 0;) {
    released = false;
    const byNumber = Map.groupBy(pairs, ([clone, { made }]) => numberOf(made.table, clone) ?? '');
    for (const { columns, counter, rows } of tables) {
      const own = columns.indexOf(counter ?? '');
      for (const { base, clone } of rows) {
        if (!clone || pairs.has(clone)) continue;
        for (const [at, value] of clone.entries()) {
          if (at === own || value === null || value === base?.[at]) continue;
          for (const [row] of byNumber.get(value) ?? []) released = pairs.delete(row) || released;
        }
      }
    }
  }
}
