import { merge } from '../../src/restore/merge/merge.ts';
import { keyOfItem } from '../../src/restore/merge/types.ts';
import type { ItemOutcome, Merge, Policy } from '../../src/restore/merge/outcome.ts';
import { partsOf, tableOf } from '../../src/restore/merge/parts.ts';
import type { Row, TableDifferences, Value } from '../../src/restore/merge/types.ts';

/** A version of a site: rows by table, each by its columns. */
export type Site = Readonly<Record<string, readonly Readonly<Record<string, Value>>[]>>;

interface Shape {
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  readonly counter: string | null;
  readonly unique?: readonly (readonly string[])[];
}

const counted = (id: string, ...columns: string[]): Shape => ({ columns: [id, ...columns], key: [id], counter: id });

export const SHAPES: Readonly<Record<string, Shape>> = {
  options: counted('option_id', 'option_name', 'option_value', 'autoload'),
  posts: counted(
    'ID', 'post_author', 'post_title', 'post_content', 'post_status', 'post_name', 'post_parent', 'post_type',
    'post_modified', 'comment_count', 'post_date',
  ),
  postmeta: counted('meta_id', 'post_id', 'meta_key', 'meta_value'),
  terms: counted('term_id', 'name', 'slug'),
  term_taxonomy: counted('term_taxonomy_id', 'term_id', 'taxonomy', 'parent', 'count'),
  term_relationships: {
    columns: ['object_id', 'term_taxonomy_id', 'term_order'],
    key: ['object_id', 'term_taxonomy_id'],
    counter: null,
  },
  termmeta: counted('meta_id', 'term_id', 'meta_key', 'meta_value'),
  users: counted('ID', 'user_login', 'user_email', 'display_name'),
  usermeta: counted('umeta_id', 'user_id', 'meta_key', 'meta_value'),
  comments: counted('comment_ID', 'comment_post_ID', 'comment_parent', 'comment_content', 'comment_type', 'user_id'),
  wc_product_meta_lookup: { columns: ['product_id', 'min_price', 'stock_quantity', 'total_sales'], key: ['product_id'], counter: null },
  woocommerce_order_items: counted('order_item_id', 'order_id', 'order_item_name'),
  woocommerce_order_itemmeta: counted('meta_id', 'order_item_id', 'meta_key', 'meta_value'),
  wc_order_stats: { columns: ['order_id', 'total_sales'], key: ['order_id'], counter: null },
  yoast_indexable: counted('id', 'object_type', 'object_id', 'title', 'breadcrumb_title', 'link_count', 'updated_at'),
  yoast_indexable_hierarchy: { columns: ['indexable_id', 'ancestor_id', 'depth'], key: ['indexable_id', 'ancestor_id'], counter: null },
  rules: { ...counted('id', 'address', 'hits'), unique: [['address']] },
  strings: counted('id', 'original'),
  translations: counted('id', 'original_id', 'translated'),
  forms: { columns: ['slug', 'body'], key: ['slug'], counter: null },
  plain: { columns: ['a', 'b'], key: null, counter: null },
}; // prettier-ignore

/** All rows of three versions, as the merge is given them. */
export function threeWays(base: Site, live: Site, clone: Site): TableDifferences[] {
  return Object.entries(SHAPES).map(([short, shape]) => {
    const rows = (site: Site): Row[] => (site[short] ?? []).map((row) => shape.columns.map((name) => row[name] ?? ''));
    const byKey = (site: Site): Map<string, Row> =>
      new Map(rows(site).map((row, index) => [keyOf(shape, row) ?? `${index}`, row]));
    const versions = [byKey(base), byKey(live), byKey(clone)] as const;
    const keys = new Set(versions.flatMap((each) => [...each.keys()]));
    const [b, l, c] = versions;
    return {
      name: `wp_${short}`,
      prefix: 'wp_',
      ...shape,
      common: null,
      rows: [...keys].map((key) => ({ base: b.get(key), live: l.get(key), clone: c.get(key) })),
    };
  });
}

const keyOf = ({ columns, key }: Shape, row: Row): string | undefined =>
  key?.map((name) => row[columns.indexOf(name)]).join('\t');

/** The live site after what the merge wants is written: what rows say, by identity. */
export function afterwards(tables: readonly TableDifferences[], merged: Merge): Map<string, readonly Row[]> {
  const site = contents(tables, 'live');
  for (const { writes } of merged.items)
    for (const { part, rows } of writes) site.set(`${part.table.short} ${part.key}`, rows);
  return site;
}

export function contents(
  tables: readonly TableDifferences[],
  version: 'base' | 'live' | 'clone',
): Map<string, readonly Row[]> {
  return new Map(
    tables.flatMap((each) => {
      const table = tableOf(each);
      return partsOf(table, each.rows).map((part) => [`${table.short} ${part.key}`, part[version]] as const);
    }),
  );
}

export const policy = (changes: Partial<Policy> = {}): Policy => ({
  take: undefined,
  decisions: new Map(),
  against: new Map(),
  delete: false,
  strict: false,
  include: new Set(),
  chooses: () => 'yes',
  isNoise: () => false,
  ...changes,
});

/** A page. */
export const page = (more: Record<string, string> = {}) => ({
  ID: '2', post_author: '1', post_title: 'About', post_content: 'Hello', post_status: 'publish', post_name: 'about',
  post_parent: '0', post_type: 'page', post_modified: '2026-01-01 00:00:00', comment_count: '0', post_date: '', ...more,
}); // prettier-ignore

/** A value of a post. */
export const meta = (id: string, post: string, key: string, value: string) => ({
  meta_id: id,
  post_id: post,
  meta_key: key,
  meta_value: value,
});

/** A setting. */
export const option = (name: string, value: string, id = '1') => ({
  option_id: id,
  option_name: name,
  option_value: value,
  autoload: 'yes',
});

/** What the merge makes of it. */
export const outcomes = (base: Site, live: Site, clone: Site, changes: Partial<Policy> = {}): ItemOutcome[] => [
  ...merge(threeWays(base, live, clone), policy(changes)).items,
];
/** By thing: why it stays, or how it changes. */
export const briefly = (items: readonly ItemOutcome[]) =>
  Object.fromEntries(items.map((item) => [keyOfItem(item.item), item.conflict ?? item.kept ?? item.change]));

/** What is written of a table, by column. */
export const written = (items: readonly ItemOutcome[], short: string) =>
  items
    .flatMap(({ writes }) => writes)
    .filter(({ part }) => part.table.short === short)
    .flatMap(({ rows }) => rows.map((row) => Object.fromEntries(SHAPES[short]!.columns.map((c, at) => [c, row[at]]))));
