import { quietColumns } from '../merge/classes.ts';
import { isBornOnce } from '../merge/birth.ts';
import type { Directory } from '../merge/directory.ts';
import { cell, type Table } from '../merge/parts.ts';
import type { Row, Value, Versions } from '../merge/types.ts';
import { countedBy } from './columns.ts';
import { bareNumbers } from './find.ts';

/** Rows that are compared with rows of the live site, at most: each with each. */
const MOST_PAIRS = 1_000_000;

/**
 * Finds a row of the clone among those that are new on the live site: an earlier restore has brought it there under another number. It is
 * the same when all says the same but what refers to other rows; `numbers` are those that may have become others in texts.
 */
export function createRecognizer(
  table: Table,
  rows: readonly Versions[],
  numbers: ReadonlySet<string>,
  directories: { readonly live: Directory; readonly clone: Directory },
): (row: Row) => string | undefined {
  const number = table.class.identity[0] ?? '';
  const left = rows.flatMap(({ base, live, clone }) => (!base && live && !clone ? [live] : []));
  const taken = rows.filter(({ base, live, clone }) => !base && live && clone).length;
  if (left.length * taken > MOST_PAIRS) return () => undefined;
  const quiet = quietColumns(table.short);
  return (row) => {
    const compared = table.columns.filter((column) => column !== number && !(column in quiet));
    const same = (column: string, live: Row): boolean =>
      saysSame([cell(table, row, column), cell(table, live, column)], numbers, (value) =>
        countedBy(table, row, column, directories.clone) === undefined ? masked(value) : '',
      );
    const mine = (live: Row): boolean =>
      isOfSameTaxonomies(table, [cell(table, row, number), cell(table, live, number)], directories);
    const exact = left.find((live) => compared.every((column) => same(column, live)) && mine(live));
    const edited = left.filter((live) => isNamedAlike(table, live, row) && isBornOnce(table, live, row));
    const found = exact ?? (edited.length === 1 ? edited[0] : undefined);
    if (found !== undefined) left.splice(left.indexOf(found), 1);
    return found && (cell(table, found, number) ?? undefined);
  };
}

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

/** `without`: what is left to be the same of a value that may hold other numbers by now. */
function saysSame(
  [clone = null, live = null]: readonly Value[],
  numbers: ReadonlySet<string>,
  without: (value: string) => string,
): boolean {
  if (clone === live) return true;
  if (clone === null || live === null || !bareNumbers(clone).some(({ digits }) => numbers.has(digits))) return false;
  return without(clone) === without(live);
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
