import type { Directory } from '../merge/directory.ts';
import { cell, type Table } from '../merge/parts.ts';
import { COLUMNS } from '../merge/references.ts';
import { objectsOf } from '../merge/relations.ts';
import type { Row } from '../merge/types.ts';

/** Columns of shops' tables: orders have the number of a post. */
const SHOP: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  wc_orders: { id: 'posts', parent_order_id: 'posts', customer_id: 'users' },
  wc_order_addresses: { order_id: 'posts' },
  wc_order_operational_data: { order_id: 'posts' },
  wc_order_stats: { order_id: 'posts', parent_id: 'posts', customer_id: 'wc_customer_lookup' },
  wc_order_product_lookup: {
    order_item_id: 'woocommerce_order_items',
    variation_id: 'posts',
    customer_id: 'wc_customer_lookup',
  },
  wc_order_coupon_lookup: { coupon_id: 'posts' },
  wc_product_attributes_lookup: { product_or_parent_id: 'posts' },
  wc_category_lookup: { category_tree_id: 'terms', category_id: 'terms' },
  yoast_indexable: { id: 'yoast_indexable', author_id: 'users', post_parent: 'posts' },
  yoast_indexable_hierarchy: { indexable_id: 'yoast_indexable', ancestor_id: 'yoast_indexable' },
};

/** Names that tables of plugins use for the same everywhere. */
const BY_NAME: Readonly<Record<string, string>> = {
  post_id: 'posts',
  page_id: 'posts',
  attachment_id: 'posts',
  product_id: 'posts',
  order_id: 'posts',
  user_id: 'users',
  term_id: 'terms',
  term_taxonomy_id: 'term_taxonomy',
  comment_id: 'comments',
};

const INDEXED: Readonly<Record<string, string>> = { post: 'posts', term: 'terms', user: 'users' };

/** The table whose rows a column counts; undefined where that is not known. */
export function countedBy(table: Table, row: Row, column: string, directory: Directory): string | undefined {
  if (table.class.kind === 'entity' && table.class.identity[0] === column) return table.short;
  if (table.short === 'term_relationships' && column === 'object_id') {
    return objectsOf(directory.termOf(cell(table, row, 'term_taxonomy_id') ?? '')?.taxonomy);
  }
  if (table.short === 'yoast_indexable' && column === 'object_id')
    return INDEXED[cell(table, row, 'object_type') ?? ''];
  return COLUMNS[table.short]?.[column] ?? SHOP[table.short]?.[column] ?? BY_NAME[column];
}

/** Columns in which a number means no row. */
const PLAIN: Readonly<Record<string, ReadonlySet<string>>> = {
  posts: new Set([
    'post_title', 'post_name', 'post_status', 'comment_status', 'ping_status', 'post_password', 'to_ping', 'pinged', 'menu_order', 'guid', 'post_type',
    'post_mime_type', 'comment_count',
  ]),
  terms: new Set(['name', 'slug', 'term_group']),
  term_taxonomy: new Set(['taxonomy', 'count']),
  term_relationships: new Set(['term_order']),
  users: new Set(['user_login', 'user_pass', 'user_nicename', 'user_email', 'user_url', 'user_activation_key', 'user_status', 'display_name']),
  comments: new Set(['comment_author', 'comment_author_email', 'comment_author_IP', 'comment_karma', 'comment_approved', 'comment_agent', 'comment_type']),
  options: new Set(['autoload']),
}; // prettier-ignore

/** Types of columns that hold no number of a row. */
const NO_NUMBER = /^(date|time|timestamp|year|decimal|float|double|bit|enum|set)/;

/** `type`: as the live site's database has it. */
export const isPlain = (table: Table, column: string, type: string): boolean =>
  table.class.carriers.includes(column) || NO_NUMBER.test(type) || (PLAIN[table.short]?.has(column) ?? false);
