import { cell, type Table } from './parts.ts';
import { quietColumns } from './classes.ts';
import type { Row } from './types.ts';

/** What stays with a row from the moment when it was made, and of what else at least one stays, whatever is edited in it. */
const BIRTH: Readonly<Record<string, { readonly stays: readonly string[]; readonly one: readonly string[] }>> = {
  posts: { stays: ['post_date', 'post_type'], one: ['post_title', 'post_name'] },
  comments: { stays: ['comment_date', 'comment_author'], one: ['comment_content', 'comment_author_email'] },
  users: { stays: ['user_registered'], one: ['user_login'] },
  term_taxonomy: { stays: ['term_id', 'taxonomy'], one: ['term_id'] },
  links: { stays: ['link_url'], one: ['link_name', 'link_url'] },
};

const TIME = /^(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
const NOTHING = /^[0: -]*$/;

/** By what people know a thing, of two sites that never were one: with the same number and name it is one thing there. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  posts: ['post_type', 'post_name'],
  terms: ['slug'],
  term_taxonomy: ['term_id', 'taxonomy'],
  users: ['user_login'],
};

/** WordPress calls items of menus, and whatever has no title, by their number. */
const isNameless = (table: Table, row: Row): boolean =>
  table.short === 'posts' && cell(table, row, 'post_name') === cell(table, row, 'ID');

/** What WordPress finds by its name alone, one for each theme. */
const FOUND_BY_NAME = /^wp_(global_styles|template|template_part)$/;
export const isFoundByName = (table: Table, row: Row): boolean =>
  table.short === 'posts' &&
  FOUND_BY_NAME.test(cell(table, row, 'post_type') ?? '') &&
  (cell(table, row, 'post_name') ?? '') !== '';

/**
 * Whether two rows that nobody had before, with one number, are one thing: an earlier restore brought it, and somebody edited it since. Else
 * both sides gave the number to something of their own. Where nothing tells it for sure, what says mostly the same is one.
 */
export function isBornOnce(table: Table, live: Row, clone: Row): boolean {
  const same = (column: string): boolean => cell(table, clone, column) === cell(table, live, column);
  const says = (row: Row, column: string): boolean => !NOTHING.test(cell(table, row, column) ?? '');
  const named = table.twoSided && !isNameless(table, clone) ? NAMES[table.short] : undefined;
  if (isFoundByName(table, clone) && ['post_type', 'post_name'].every(same)) return true;
  if (named?.every((column) => says(clone, column) && same(column))) return true;
  const known = BIRTH[table.short];
  if (known)
    return (
      known.stays.every(same) &&
      says(clone, known.stays[0] ?? '') &&
      known.one.some((column) => says(clone, column) && same(column))
    );
  const quiet = quietColumns(table.short);
  const columns = table.columns.filter((column) => !table.class.identity.includes(column) && !(column in quiet));
  const telling = columns.filter((column) => says(clone, column) || says(live, column));
  const times = columns.filter((column) => TIME.test(cell(table, clone, column) ?? ''));
  return 2 * telling.filter(same).length >= telling.length && (times.length === 0 || times.some(same));
}
