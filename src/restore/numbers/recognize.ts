import { quietColumns } from '../merge/classes.ts';
import { isBornOnce } from '../merge/birth.ts';
import type { Directory } from '../merge/directory.ts';
import { cell, type Table } from '../merge/parts.ts';
import type { Row, Value, Versions } from '../merge/types.ts';
import { countedBy } from './columns.ts';
import { bareNumbers } from './find.ts';
import type { Candidate, Reference } from './there.ts';

/** Rows that are compared with rows of the live site, at most: each with each. */
const MOST_PAIRS = 1_000_000;

/** Rows of the clone that have to get another number, by table and number. */
export interface TakenNumbers {
  readonly has: (short: string | undefined, number: Value) => boolean;
  /** Those of all tables. */
  readonly all: ReadonlySet<string>;
}

/**
 * Finds what a row of the clone may be among those that are new on the live site: an earlier restore has brought it there under another
 * number. All that it says is the same, but for numbers that may have become others in texts; whether what it refers to is the same as well
 * is not known yet.
 */
export function createRecognizer(
  table: Table,
  rows: readonly Versions[],
  taken: TakenNumbers,
  directories: { readonly live: Directory; readonly clone: Directory },
): (row: Row) => Candidate {
  const number = table.class.identity[0] ?? '';
  const added = rows.flatMap(({ base, live, clone }) => (!base && live ? [{ live, clone }] : []));
  const left = added.filter(({ clone }) => clone === undefined).map(({ live }) => live);
  const many = added.length * added.filter(({ clone }) => clone).length > MOST_PAIRS;
  const quiet = quietColumns(table.short);
  const compared = table.columns.filter((column) => column !== number && !(column in quiet));
  return (row) => {
    const references = compared.flatMap((column): Reference[] => {
      const short = countedBy(table, row, column, directories.clone);
      const value = cell(table, row, column);
      return short !== undefined && taken.has(short, value) ? [{ column, short, number: value ?? '' }] : [];
    });
    const texts = compared.filter((each) => !references.some(({ column }) => column === each));
    const same = (column: string, live: Row): boolean =>
      saysSame(
        [cell(table, row, column), cell(table, live, column)],
        countedBy(table, row, column, directories.clone) === undefined ? taken.all : NONE,
      );
    const mine = (live: Row): boolean =>
      isOfSameTaxonomies(table, [cell(table, row, number), cell(table, live, number)], directories);
    // What only belongs to something else that had to get another number may have kept its own.
    const likely = many ? [] : references.length === 0 ? left : added.map(({ live }) => live);
    const exact = likely.filter((live) => texts.every((column) => same(column, live)) && mine(live));
    const edited = likely.filter((live) => isNamedAlike(table, live, row) && isBornOnce(table, live, row));
    return { table, row, references, exact, edited };
  };
}

const NONE: ReadonlySet<string> = new Set();

/** What only one of them has, with the time at which it was made, is the same, edited since. */
const NAMES: Readonly<Record<string, string>> = {
  posts: 'post_title',
  comments: 'comment_content',
  users: 'user_login',
};
function isNamedAlike(table: Table, live: Row, clone: Row): boolean {
  const column = NAMES[table.short];
  return column !== undefined && cell(table, live, column) === cell(table, clone, column);
}

/** `numbers`: those that may be others by now. */
function saysSame([clone = null, live = null]: readonly Value[], numbers: ReadonlySet<string>): boolean {
  if (clone === live) return true;
  if (clone === null || live === null || !bareNumbers(clone).some(({ digits }) => numbers.has(digits))) return false;
  return masked(clone) === masked(live);
}

/** Without numbers, also those that say how long something with a number in it is. */
const masked = (text: string): string => text.replaceAll(/\d+/g, '#');

/** A term alone is but a word. */
function isOfSameTaxonomies(
  { short }: Table,
  [clone, live]: readonly Value[],
  directories: { readonly live: Directory; readonly clone: Directory },
): boolean {
  if (short !== 'terms') return true;
  const of = (directory: Directory, id: Value | undefined): string =>
    directory
      .taxonomiesOf(id ?? '')
      .toSorted()
      .join();
  return of(directories.clone, clone) === of(directories.live, live);
}
