import { shortName } from '../merge/classes.ts';
import type { Row, TableDifferences, Versions } from '../merge/types.ts';
import type { RawRows } from './compose.ts';
import type { People } from './people.ts';

/** In whose name something is written. */
interface Names extends People {
  /** Users of the clone who have another number at the site that is written to, and that number. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * What was written in the name of the clone's administrator is written in that of whoever brings it back. `raws`: rows in the clone's own
 * bytes, by those that are compared; is given those of rows that become others.
 */
export function inTheNameOf(table: TableDifferences, names: Names, raws: RawRows): TableDifferences {
  const places = nameColumns(table, names.others.size > 0);
  if (places.length === 0 || (names.own === undefined && names.others.size === 0)) return table;
  const rows = table.rows.map((versions): Versions =>
    places.reduce((known, at) => named(table, known, at, names, raws), versions),
  );
  // With another key a row would be another one.
  const isKey = places.some((at) => table.key?.includes(table.columns[at] ?? ''));
  if (isKey && rows.some((row, at) => row !== table.rows[at]))
    return { ...table, doubt: table.doubt ?? 'its rows are those of users, who are others there' };
  return { ...table, rows };
}

function named(table: TableDifferences, versions: Versions, at: number, names: Names, raws: RawRows): Versions {
  const { base, clone } = versions;
  const other = names.others.get(clone?.[at] ?? '');
  if (!clone || (clone[at] !== names.own && other === undefined)) return versions;
  const author = other ?? base?.[at] ?? names.administrator ?? '0';
  const isOwn = other === undefined && base === undefined && author !== '0';
  const blank = isOwn && shortName(table) === 'comments' ? placesOf(table, SIGNATURE) : [];
  const rename = (row: Row): Row => blank.reduce((known, place) => known.with(place, ''), row.with(at, author));
  const row = rename(clone);
  raws.set(row, rename(raws.get(clone) ?? clone));
  return { ...versions, clone: row };
}

/**
 * A comment keeps its author's name and addresses besides the number. Where the name is empty WordPress shows that of the user
 * (get_comment_author()), and of the picture it asks the user first (get_avatar_data()).
 */
const SIGNATURE = ['comment_author', 'comment_author_email', 'comment_author_url', 'comment_author_IP'];

const placesOf = (table: TableDifferences, columns: readonly string[]): number[] =>
  columns.map((column) => table.columns.indexOf(column)).filter((at) => at !== -1);

/**
 * Columns with the number of a user. `elsewhere`: on a site where somebody else may have that number, those of plugins' tables too, by
 * the names that plugins use: what is somebody's there must not become a stranger's.
 */
function nameColumns(table: TableDifferences, elsewhere: boolean): number[] {
  const short = shortName(table);
  const known = { posts: 'post_author', comments: 'user_id' }[short];
  const isUser = (column: string): boolean =>
    column === known || (elsewhere && known === undefined && short !== 'usermeta' && USER_COLUMN.test(column));
  return table.columns.flatMap((column, at) => (isUser(column) ? [at] : []));
}

const USER_COLUMN = /^(user_?id|author_id)$/i;
