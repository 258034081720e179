import { type Directory, itemOfPost, itemOfTerm } from './directory.ts';
import {
  isLeftByOrders,
  protectedMeta,
  protectedOption,
  protectedPost,
  protectedTable,
  type Protection,
} from './never.ts';
import { cell, type Part, type Table } from './parts.ts';
import { isSingle, objectsOf } from './relations.ts';
import { siteProtects } from './site-protects.ts';
import type { Row, ItemId } from './types.ts';

/** To what a part belongs. */
export interface Owner {
  readonly item: ItemId;
  /** The part whose row is the thing itself: when it goes, the thing goes. */
  readonly head: boolean;
  readonly protection?: Protection | undefined;
  /** A class that has to be named besides: the site protects the whole table. */
  readonly within?: Protection | undefined;
  /** Of a relation: its taxonomy, where a thing has but one of it. */
  readonly single?: string | undefined;
}

/** The term by which WooCommerce marks what is sold out (WC_Product_Data_Store_CPT::update_visibility()). */
const SOLD_OUT = 'outofstock';

type FindOwner = (part: Part, row: Row, directory: Directory) => Owner;

const head = (item: ItemId, protection?: Protection): Owner => ({ item, head: true, protection });
const limb = (item: ItemId, protection?: Protection): Owner => ({ item, head: false, protection });

const postOwner = (directory: Directory, id: string): { item: ItemId; protection: Protection | undefined } => ({
  item: itemOfPost(directory, id),
  protection: protectedPost(
    directory.value('posts', id, 'post_type') ?? '',
    directory.value('posts', id, 'post_status') ?? '',
  ),
});

/** Notes of orders, and whatever else hangs on a post that the site protects. */
const commentProtection = (directory: Directory, of: (column: string) => string): Protection | undefined =>
  /^(order_note|action_log)$/.test(of('comment_type'))
    ? 'orders'
    : siteProtects('postTypes', directory.value('posts', of('comment_post_ID'), 'post_type') ?? '');

const OWNERS: Readonly<Record<string, FindOwner>> = {
  posts: ({ table }, row, directory) => {
    const { item, protection } = postOwner(directory, cell(table, row, 'ID') ?? '');
    // An item of a menu may go, and the menu stays.
    return { item, head: item.kind !== 'menu', protection };
  },
  postmeta: ({ table }, row, directory) => {
    const id = cell(table, row, 'post_id') ?? '';
    const { item, protection } = postOwner(directory, id);
    const key = cell(table, row, 'meta_key') ?? '';
    const isNew = directory.isNew('posts', id);
    const type = directory.value('posts', id, 'post_type') ?? '';
    const counted = !isNew && isLeftByOrders(type, key, directory.isOrdered(id));
    return limb(item, protection ?? (counted ? 'orders' : protectedMeta(table.short, key)));
  },
  terms: ({ table }, row, directory) => head(itemOfTerm(directory, cell(table, row, 'term_id') ?? '')),
  term_taxonomy: ({ table }, row, directory) => limb(itemOfTerm(directory, cell(table, row, 'term_id') ?? '')),
  termmeta: ({ table }, row, directory) =>
    limb(
      itemOfTerm(directory, cell(table, row, 'term_id') ?? ''),
      protectedMeta(table.short, cell(table, row, 'meta_key') ?? ''),
    ),
  term_relationships: ({ table }, row, directory) => {
    const object = cell(table, row, 'object_id') ?? '';
    const term = directory.termOf(cell(table, row, 'term_taxonomy_id') ?? '');
    const of = objectsOf(term?.taxonomy);
    const single = isSingle(term?.taxonomy) ? term?.taxonomy : undefined;
    if (of === 'links') return limb({ kind: 'link', id: object });
    if (of === 'terms') return { ...limb(itemOfTerm(directory, object)), single };
    const { item, protection } = postOwner(directory, object);
    // Hidden from the shop as sold out, by an order of the clone's.
    const isSoldOut = term?.taxonomy === 'product_visibility' && directory.value('terms', term.id, 'slug') === SOLD_OUT;
    return { ...limb(item, isSoldOut && directory.isOrdered(object) ? 'orders' : protection), single };
  },
  links: ({ table }, row) => head({ kind: 'link', id: cell(table, row, 'link_id') ?? '' }),
  users: ({ table }, row) => head({ kind: 'user', id: cell(table, row, 'ID') ?? '' }, 'users'),
  usermeta: ({ table }, row) => {
    const key = protectedMeta(table.short, cell(table, row, 'meta_key') ?? '');
    return { ...limb({ kind: 'user', id: cell(table, row, 'user_id') ?? '' }, key ?? 'users'), within: 'users' };
  },
  comments: ({ table }, row, directory) => {
    const of = (column: string): string => cell(table, row, column) ?? '';
    return head({ kind: 'comment', id: of('comment_ID') }, commentProtection(directory, of));
  },
  commentmeta: ({ table }, row, directory) => {
    const id = cell(table, row, 'comment_id') ?? '';
    const ofComment = commentProtection(directory, (column) => directory.value('comments', id, column) ?? '');
    return limb({ kind: 'comment', id }, ofComment ?? protectedMeta(table.short, cell(table, row, 'meta_key') ?? ''));
  },
  options: ({ table, base, live, clone }, row, directory) => {
    const name = cell(table, row, 'option_name') ?? '';
    const values = [base, live, clone].flat().map((each) => cell(table, each, 'option_value'));
    const { prefix, twoSided } = table;
    // For another theme WordPress takes all widgets out of the places of this one, which stays unless it is named.
    const ofTheme = name === 'sidebars_widgets' && directory.switchesTheme ? ('plugins' as const) : undefined;
    return head({ kind: 'option', id: name }, ofTheme ?? protectedOption(name, prefix, { values, twoSided }));
  },
};

/** Tables whose rows belong to an order by its number, and the column of it. */
const OF_ORDERS: Readonly<Record<string, string>> = {
  wc_orders: 'id',
  wc_orders_meta: 'order_id',
  wc_order_addresses: 'order_id',
  wc_order_operational_data: 'order_id',
  wc_order_stats: 'order_id',
  wc_order_product_lookup: 'order_id',
  wc_order_coupon_lookup: 'order_id',
  wc_order_tax_lookup: 'order_id',
  woocommerce_order_items: 'order_id',
};

function orderOf(table: Table, row: Row, directory: Directory): string | undefined {
  if (table.short === 'woocommerce_order_itemmeta')
    return directory.value('woocommerce_order_items', cell(table, row, 'order_item_id') ?? '', 'order_id');
  const column = OF_ORDERS[table.short];
  return column === undefined ? undefined : (cell(table, row, column) ?? '');
}

/** Whose entry in the index of Yoast a row is, or is about; none of a page that is no thing of its own, such as the archive of a date. */
function indexedOwner(table: Table, row: Row, directory: Directory): Owner | undefined {
  const isEntry = table.short === 'yoast_indexable';
  if (!isEntry && table.short !== 'yoast_indexable_hierarchy') return undefined;
  const entry = cell(table, row, isEntry ? 'id' : 'indexable_id') ?? '';
  const of = (column: string): string =>
    (isEntry ? cell(table, row, column) : directory.value('yoast_indexable', entry, column)) ?? '';
  const [kind, id] = [of('object_type'), of('object_id')];
  if (kind === 'term') return limb(itemOfTerm(directory, id));
  if (kind === 'user') return limb({ kind, id }, 'users');
  if (kind !== 'post') return undefined;
  const { item, protection } = postOwner(directory, id);
  return limb(item, protection);
}

/** Finds the thing that a part belongs to. */
export function ownerOf(part: Part, directory: Directory): Owner {
  const row = part.clone[0] ?? part.live[0] ?? part.base[0];
  if (row === undefined) throw new Error('a part has rows');
  const { table } = part;
  if (table.whole === true) return head({ kind: 'table', id: table.short }, protectedTable(table.short));
  const own = OWNERS[table.short];
  if (own) return own(part, row, directory);
  const protection = protectedTable(table.short);
  const order = orderOf(table, row, directory);
  if (order !== undefined)
    return {
      item: directory.find('posts', order) ? itemOfPost(directory, order) : { kind: 'order', id: order },
      head: table.short === 'wc_orders',
      protection,
    };
  if (table.short === 'wc_product_meta_lookup')
    return limb(itemOfPost(directory, cell(table, row, 'product_id') ?? ''));
  const indexed = indexedOwner(table, row, directory);
  if (indexed) return indexed;
  const key = table.class.identity.map((name) => cell(table, row, name)).join(',');
  // Rows without a key are told apart by nothing: the table is the thing.
  const id = table.class.kind === 'unkeyed' ? table.short : `${table.short}/${key}`;
  return head({ kind: 'row', id }, protection);
}
