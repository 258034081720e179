import { cell, tableOf, VERSIONS, type Table } from './parts.ts';
import { orderedIn } from './ordered.ts';
import type { Row, TableDifferences, ItemId, Versions } from './types.ts';

/**
 * What is known of the things that rows belong to: from the rows that differ, and those that were looked up beside them.
 */
export interface Directory {
  /** A row of one of WordPress's tables by number; the clone's version where there is one, else the live site's, else the base's. */
  find(short: string, id: string): Row | undefined;
  value(short: string, id: string, column: string): string | undefined;
  /** Whether the clone deleted it. */
  isGone(short: string, id: string): boolean;
  /** Whether the clone made it. */
  isNew(short: string, id: string): boolean;
  /** Whether somebody ordered a product, or a variation of one, in the clone. */
  isOrdered(productId: string): boolean;
  /** The clone has another theme than it was made with, and than the live site has. */
  readonly switchesTheme: boolean;
  /** A term by the number that relations use. */
  termOf(taxonomyId: string): { readonly id: string; readonly taxonomy: string } | undefined;
  /** The taxonomies of a term. */
  taxonomiesOf(termId: string): readonly string[];
  /** The menu that an item belongs to. */
  menuOf(itemId: string): string | undefined;
  /** The table that an item of a menu leads to; undefined for an address. */
  targetOf(itemId: string): 'posts' | 'terms' | undefined;
}

/** Tables whose rows are looked up by number, and the column of it. */
export const NUMBERED: Readonly<Record<string, string>> = {
  posts: 'ID',
  terms: 'term_id',
  term_taxonomy: 'term_taxonomy_id',
  users: 'ID',
  comments: 'comment_ID',
  wc_orders: 'id',
  woocommerce_order_items: 'order_item_id',
  yoast_indexable: 'id',
};

export function directoryOf(tables: readonly TableDifferences[]): Directory {
  const rows = new Map<string, { readonly table: Table; readonly rows: ReadonlyMap<string, Row> }>();
  for (const differences of tables) {
    const table = tableOf(differences);
    const column = NUMBERED[table.short];
    if (column !== undefined) rows.set(table.short, { table, rows: byNumber(table, differences.rows, column) });
  }
  const find = (short: string, id: string): Row | undefined => rows.get(short)?.rows.get(id);
  const value = (short: string, id: string, column: string): string | undefined => {
    const known = rows.get(short);
    const row = known?.rows.get(id);
    return (known && row && cell(known.table, row, column)) ?? undefined;
  };
  const gone = numbersWhere(tables, ({ base, clone }) => base !== undefined && clone === undefined);
  const made = numbersWhere(tables, ({ base, clone }) => base === undefined && clone !== undefined);
  const termOf: Directory['termOf'] = (taxonomyId) => {
    const id = value('term_taxonomy', taxonomyId, 'term_id');
    return id === undefined ? undefined : { id, taxonomy: value('term_taxonomy', taxonomyId, 'taxonomy') ?? '' };
  };
  const taxonomies = new Map<string, string[]>();
  for (const taxonomyId of rows.get('term_taxonomy')?.rows.keys() ?? []) {
    const term = termOf(taxonomyId);
    if (term) taxonomies.set(term.id, [...(taxonomies.get(term.id) ?? []), term.taxonomy]);
  }
  const menus = menusOf(tables, termOf);
  const targets = targetsOf(tables);
  const ordered = orderedIn(tables);
  return {
    find,
    value,
    isGone: (short, id) => gone.has(`${short}:${id}`),
    isNew: (short, id) => made.has(`${short}:${id}`),
    isOrdered: (id) => ordered.has(id),
    switchesTheme: tables.some(isThemeSwitched),
    termOf,
    taxonomiesOf: (id) => taxonomies.get(id) ?? [],
    menuOf: (id) => menus.get(id),
    targetOf: (id) => targets.get(id),
  };
}

function byNumber(table: Table, rows: readonly Versions[], column: string): Map<string, Row> {
  const found = new Map<string, Row>();
  for (const versions of rows) {
    const row = versions.clone ?? versions.live ?? versions.base;
    const id = row && cell(table, row, column);
    if (row && id != null) found.set(id, row);
  }
  return found;
}

function numbersWhere(tables: readonly TableDifferences[], is: (versions: Versions) => boolean): Set<string> {
  const found = new Set<string>();
  for (const differences of tables) {
    const table = tableOf(differences);
    const column = NUMBERED[table.short];
    if (column === undefined) continue;
    for (const versions of differences.rows) {
      const row = versions.clone ?? versions.base;
      if (row && is(versions)) found.add(`${table.short}:${cell(table, row, column)}`);
    }
  }
  return found;
}

function isThemeSwitched(differences: TableDifferences): boolean {
  const table = tableOf(differences);
  if (table.short !== 'options') return false;
  return differences.rows.some(({ base, live, clone }) => {
    if (!clone || cell(table, clone, 'option_name') !== 'stylesheet') return false;
    const [was, there, here] = [base, live, clone].map((row) => row && cell(table, row, 'option_value'));
    return here !== was && here !== there;
  });
}

function targetsOf(tables: readonly TableDifferences[]): Map<string, 'posts' | 'terms'> {
  const targets = new Map<string, 'posts' | 'terms'>();
  for (const differences of tables.filter(({ name, prefix }) => name === `${prefix}postmeta`)) {
    const table = tableOf(differences);
    for (const { base, live, clone } of differences.rows) {
      const row = clone ?? live ?? base;
      if (!row || cell(table, row, 'meta_key') !== '_menu_item_type') continue;
      const type = cell(table, row, 'meta_value');
      if (type === 'post_type') targets.set(cell(table, row, 'post_id') ?? '', 'posts');
      else if (type === 'taxonomy') targets.set(cell(table, row, 'post_id') ?? '', 'terms');
    }
  }
  return targets;
}

function menusOf(tables: readonly TableDifferences[], termOf: Directory['termOf']): Map<string, string> {
  const menus = new Map<string, string>();
  for (const differences of tables.filter(({ name, prefix }) => name === `${prefix}term_relationships`)) {
    const table = tableOf(differences);
    // The clone's version last: it says where an item belongs that was moved.
    for (const version of VERSIONS)
      for (const versions of differences.rows) {
        const row = versions[version];
        const term = row && termOf(cell(table, row, 'term_taxonomy_id') ?? '');
        if (row && term?.taxonomy === 'nav_menu') menus.set(cell(table, row, 'object_id') ?? '', term.id);
      }
  }
  return menus;
}

/** The post that a number means, as a item: an item of a menu belongs to it, but one that the clone deleted is a thing of its own. */
export function itemOfPost(directory: Directory, id: string): ItemId {
  const type = directory.value('posts', id, 'post_type');
  if (type === undefined) return { kind: 'row', id: `posts/${id}` };
  // The post holds the order's place, or is a copy of it: one thing.
  if (type === 'shop_order_placehold' || directory.find('wc_orders', id)) return { kind: 'order', id };
  const item = type === 'nav_menu_item' && !directory.isGone('posts', id);
  const menu = item ? directory.menuOf(id) : undefined;
  return menu === undefined ? { kind: type, id } : { kind: 'menu', id: menu };
}

/** A term, or a menu. */
export const itemOfTerm = (directory: Directory, id: string): ItemId => ({
  kind: directory.taxonomiesOf(id).includes('nav_menu') ? 'menu' : 'term',
  id,
});
