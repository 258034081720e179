import { cell, type Table } from './parts.ts';
import { quietColumns } from './classes.ts';
import type { Row } from './types.ts';

/** What stays with a row from the moment when it was made, whatever is edited in it. */
const BIRTH: Readonly<Record<string, readonly string[]>> = {
  posts: ['post_date', 'post_type'],
  comments: ['comment_date', 'comment_author'],
  users: ['user_registered', 'user_login'],
  term_taxonomy: ['term_id', 'taxonomy'],
  links: ['link_url', 'link_name'],
};

const TIME = /^(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
const NOTHING = /^0*$/;

/**
 * Whether two rows that nobody had before, with one number, are one thing: an earlier restore brought it, and somebody edited it since. Else
 * both sides gave the number to something of their own. Where nothing tells it for sure, what says mostly the same is one.
 */
export function isBornOnce(table: Table, live: Row, clone: Row): boolean {
  const known = BIRTH[table.short];
  if (known)
    return known.every((column, at) => {
      const value = cell(table, clone, column);
      return value === cell(table, live, column) && (at > 0 || !NOTHING.test(value ?? ''));
    });
  const quiet = quietColumns(table.short);
  const columns = table.columns.filter((column) => !table.class.identity.includes(column) && !(column in quiet));
  const times = columns.filter((column) => TIME.test(cell(table, clone, column) ?? ''));
  const same = (column: string): boolean => cell(table, clone, column) === cell(table, live, column);
  if (times.length > 0) return times.some(same);
  const telling = columns.filter(
    (column) => !NOTHING.test(cell(table, clone, column) ?? '') || !NOTHING.test(cell(table, live, column) ?? ''),
  );
  return 2 * telling.filter(same).length >= telling.length;
}
