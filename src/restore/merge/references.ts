import { type Directory, NUMBERED } from './directory.ts';
import { cell, type Table } from './parts.ts';
import { objectsOf } from './relations.ts';
import type { Row } from './types.ts';

/** A row that another one refers to by number. */
export interface Reference {
  /** Table, without the prefix. */
  readonly short: string;
  readonly id: string;
}

/** Columns that hold a number of another table's row. */
export const COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  posts: { post_parent: 'posts', post_author: 'users' },
  postmeta: { post_id: 'posts' },
  terms: {},
  term_taxonomy: { term_id: 'terms', parent: 'terms' },
  termmeta: { term_id: 'terms' },
  term_relationships: { term_taxonomy_id: 'term_taxonomy', object_id: 'posts' },
  comments: { comment_post_ID: 'posts', comment_parent: 'comments', user_id: 'users' },
  commentmeta: { comment_id: 'comments' },
  usermeta: { user_id: 'users' },
  woocommerce_order_itemmeta: { order_item_id: 'woocommerce_order_items' },
};

/** Names of settings and meta data whose value is a number, and of what. */
const NAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  options: {
    page_on_front: 'posts',
    page_for_posts: 'posts',
    wp_page_for_privacy_policy: 'posts',
    site_icon: 'posts',
    site_logo: 'posts',
    default_category: 'terms',
    elementor_active_kit: 'posts',
  },
  postmeta: {
    _thumbnail_id: 'posts',
    _menu_item_menu_item_parent: 'posts',
    _product_image_gallery: 'posts',
    _children: 'posts',
  },
  termmeta: { thumbnail_id: 'posts' },
};

const isNumber = (value: string | null): value is string => value !== null && /^[1-9]\d*$/.test(value);

/** What a row refers to by number, as far as that can be known without knowing plugins. */
export function referencesOf(table: Table, row: Row, directory: Directory): Reference[] {
  const found: Reference[] = [];
  for (const [column, short] of Object.entries(COLUMNS[table.short] ?? {})) {
    const id = cell(table, row, column);
    const own = column === 'object_id' ? objectsOf(taxonomyOf(table, row, directory)) : short;
    if (isNumber(id) && own !== 'links') found.push({ short: own, id });
  }
  const name = cell(table, row, table.short === 'options' ? 'option_name' : 'meta_key');
  const value = cell(table, row, table.short === 'options' ? 'option_value' : 'meta_value');
  const short = NAMED[table.short]?.[name ?? ''];
  if (short !== undefined && value !== null)
    found.push(...value.split(',').flatMap((id) => (isNumber(id) ? [{ short, id }] : [])));
  if (table.short === 'postmeta' && name === '_menu_item_object_id' && isNumber(value)) {
    const target = directory.targetOf(cell(table, row, 'post_id') ?? '');
    if (target !== undefined) found.push({ short: target, id: value });
  }
  const indexed = table.short === 'yoast_indexable' ? INDEXED[cell(table, row, 'object_type') ?? ''] : undefined;
  const object = cell(table, row, 'object_id');
  if (indexed !== undefined && isNumber(object)) found.push({ short: indexed, id: object });
  return found;
}

/** What an index of Yoast calls what its rows are of. */
const INDEXED: Readonly<Record<string, string>> = { post: 'posts', term: 'terms' };

const taxonomyOf = (table: Table, row: Row, directory: Directory): string | undefined =>
  directory.termOf(cell(table, row, 'term_taxonomy_id') ?? '')?.taxonomy;

export const numberColumn = (short: string): string => NUMBERED[short] ?? 'ID';
