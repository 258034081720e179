import { cell, type Table } from '../merge/parts.ts';
import type { Row } from '../merge/types.ts';

/** A column that names a row which has to get another number itself. */
export interface Reference {
  readonly column: string;
  /** The table of that row, and its number in the clone. */
  readonly short: string;
  readonly number: string;
}

/** A row of the clone, with rows of the live site that it may be. */
export interface Candidate {
  readonly table: Table;
  readonly row: Row;
  readonly references: readonly Reference[];
  /** Those that say the same. */
  readonly exact: readonly Row[];
  /** Those of the same name and time, whatever else was edited in them. */
  readonly edited: readonly Row[];
}

/**
 * Which rows of the clone are on the live site already, and under which number: by table and number in the clone. A row is only there when
 * what it refers to is, under the number that the live site's refers to: two tags that say the same of different words are two.
 */
export function alreadyThere(candidates: readonly Candidate[]): ReadonlyMap<string, string> {
  /** Null: it is not there. */
  const known = new Map<string, string | null>();
  const used = new Set<Row>();
  let open = candidates;
  const settle = (isLast: boolean): void => {
    open = open.filter((candidate) => {
      const waits = candidate.references.some(({ short, number }) => !known.has(`${short} ${number}`));
      const found = likelyOf(candidate, known, used);
      if (found !== undefined && waits && !isLast) return true;
      isLast = false;
      if (found) used.add(found);
      known.set(nameOf(candidate), found === undefined ? null : numberOf(candidate.table, found));
      return false;
    });
  };
  while (open.length > 0) {
    const before = open.length;
    settle(false);
    // What refers to each other in a circle has to begin somewhere.
    if (open.length === before) settle(true);
  }
  return new Map([...known].flatMap(([name, number]) => (number === null ? [] : [[name, number] as const])));
}

function likelyOf(
  { table, references, exact, edited }: Candidate,
  known: ReadonlyMap<string, string | null>,
  used: ReadonlySet<Row>,
): Row | undefined {
  const mayBe = (live: Row): boolean =>
    !used.has(live) &&
    references.every(({ column, short, number }) => {
      const now = known.get(`${short} ${number}`);
      return now === undefined || now === cell(table, live, column);
    });
  const left = edited.filter(mayBe);
  return exact.find(mayBe) ?? (left.length === 1 ? left[0] : undefined);
}

export const numberOf = (table: Table, row: Row): string => cell(table, row, table.class.identity[0] ?? '') ?? '';
const nameOf = ({ table, row }: Candidate): string => `${table.short} ${numberOf(table, row)}`;
