import { decodeHTML } from 'entities';
import { textOfCell } from '../cell-text.ts';
import type { Conflict, Kept } from '../merge/outcome.ts';
import { cell, contentOf, type Part } from '../merge/parts.ts';
import { quietColumns } from '../merge/classes.ts';
import { isEcho, isIndex } from '../merge/index-entries.ts';
import type { Directory } from '../merge/directory.ts';
import type { ItemId } from '../merge/types.ts';
import type { GROUPS } from './schema.ts';

const LONGEST = 80;
const shortened = (words: string): string => (words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words);

const KINDS: Readonly<Record<string, string>> = {
  attachment: 'File',
  shop_order: 'Order',
  wp_block: 'Pattern',
  nav_menu_item: 'Menu item',
  custom_css: 'Additional CSS',
  wp_global_styles: 'Styles',
  wp_template: 'Template',
  wp_template_part: 'Template part',
  wp_navigation: 'Navigation',
  row: 'Row',
};

const kindName = (kind: string): string =>
  KINDS[kind] ?? `${kind.charAt(0).toUpperCase()}${kind.slice(1).replaceAll(/[_-]+/g, ' ')}`;

/** `Page "About us"`; settings and rows go by their name alone. */
export function titleOf({ kind, id }: ItemId, directory: Directory): string {
  if (kind === 'option' || kind === 'row') return textOfCell(id);
  if (kind === 'table') return `Table ${textOfCell(id)}`;
  const named = nameOf(kind, id, directory);
  return named === undefined || named === ''
    ? `${kindName(kind)} ${id}`
    : `${kindName(kind)} "${shortened(asRead(textOfCell(named)))}"`;
}

/** WordPress stores titles and names as they stand in a page. */
const asRead = (title: string): string => decodeHTML(title.replaceAll(/<[^<>]*>/g, ''));

function nameOf(kind: string, id: string, directory: Directory): string | undefined {
  if (kind === 'term' || kind === 'menu') return directory.value('terms', id, 'name');
  if (kind === 'user') return directory.value('users', id, 'user_login');
  if (kind === 'comment') {
    const post = directory.value('comments', id, 'comment_post_ID');
    const title = post === undefined ? undefined : directory.value('posts', post, 'post_title');
    return title === undefined ? undefined : `${id} on ${title}`;
  }
  return kind === 'link' || kind === 'order' ? undefined : directory.value('posts', id, 'post_title');
}

/** Other names under which a person may ask for it: its slug or log-in. */
export function slugOf({ kind, id }: ItemId, directory: Directory): string | undefined {
  if (kind === 'term' || kind === 'menu') return directory.value('terms', id, 'slug');
  if (kind === 'user') return directory.value('users', id, 'user_login');
  return directory.value('posts', id, 'post_name');
}

/** The heading under which a thing stands in a plan, and by which it can be chosen. */
export function groupOf({ kind }: ItemId): (typeof GROUPS)[number] {
  if (kind === 'option') return 'settings';
  if (kind === 'attachment') return 'media';
  if (kind === 'user') return 'users';
  if (kind === 'row' || kind === 'table') return 'tables';
  return /^(order|shop_)/.test(kind) ? 'orders' : 'content';
}

const COLUMNS: Readonly<Record<string, string>> = {
  post_title: 'title',
  post_content: 'text',
  post_excerpt: 'excerpt',
  post_status: 'status',
  post_name: 'address',
  post_parent: 'parent',
  post_author: 'author',
  post_date: 'date',
  menu_order: 'order',
  option_value: 'value',
  autoload: 'loading',
};
const META: readonly (readonly [RegExp, string])[] = [
  [/^_thumbnail_id$/, 'featured image'],
  [/^_wp_page_template$/, 'template'],
  [/^_elementor_/, 'Elementor layout'],
  [/^_yoast_|^rank_math_/, 'SEO'],
  [/^_wp_attach/, 'file'],
  [/^_(regular_|sale_)?price$/, 'price'],
  [/^_stock/, 'stock'],
  [/^_menu_item_/, 'menu entry'],
];

/** What of a thing the clone changed, in words: each once, custom fields counted. */
export function whatChanged(parts: readonly Part[]): string[] {
  const words = new Set<string>();
  const fields = new Set<string>();
  for (const part of parts) {
    const row = part.clone[0] ?? part.base[0];
    if (part.table.class.kind === 'meta' && row) {
      const name = cell(part.table, row, 'meta_key') ?? '';
      const known = META.find(([pattern]) => pattern.test(name))?.[1];
      if (known === undefined) fields.add(name.replace(/^_/, ''));
      else words.add(known);
    } else if (part.table.short === 'term_relationships') words.add('terms');
    else if (isIndex(part.table)) {
      // Of a post it says what the post says.
      if (!isEcho(part)) words.add('SEO');
    } else for (const column of changedColumns(part)) words.add(COLUMNS[column] ?? column);
  }
  if (fields.size > 0) words.add(fields.size === 1 ? '1 custom field' : `${fields.size} custom fields`);
  return [...words];
}

function changedColumns({ table, base: [was], live: [live], clone: [clone] }: Part): string[] {
  const base = was ?? (table.twoSided ? live : undefined);
  if (!base || !clone) return [];
  const quiet = quietColumns(table.short);
  return table.columns.filter(
    (column) =>
      !(column in quiet) &&
      !table.class.carriers.includes(column) &&
      cell(table, base, column) !== cell(table, clone, column),
  );
}

/** All that the sides say of a thing, for digests. */
export const saidBy = (parts: readonly Part[], version: 'live' | 'clone'): string =>
  parts.map((part) => `${part.table.name} ${part.key} ${contentOf(part.table, part[version], 'with')}`).join('\n');

const fieldNames = (fields: readonly string[]): string =>
  fields.map((field) => COLUMNS[field] ?? textOfCell(field)).join(', ');

/** Why a person has to decide, in words. `titleOfKey`: what people call the thing behind a key. */
export function conflictText(conflict: Conflict, titleOfKey: (key: string) => string): string {
  switch (conflict.code) {
    case 'BOTH_CHANGED':
      return `${fieldNames(conflict.fields)} changed here and on the live site`;
    case 'DIFFERS':
      return `${fieldNames(conflict.fields)} not the same on both sides`;
    case 'BOTH_WROTE':
      return `changed here and on the live site, in different fields (${fieldNames(conflict.fields)})`;
    case 'DELETED_ON_LIVE':
      return 'changed here, deleted on the live site';
    case 'DELETED_IN_CLONE':
      return 'deleted here, changed on the live site';
    case 'USED_ON_LIVE':
      return `deleted here, used on the live site by ${titleOfKey(conflict.by)}`;
    case 'NUMBER_TAKEN':
      return conflict.fields === undefined
        ? 'the live site has given its number to something else'
        : `${fieldNames(conflict.fields)} may mean what has the number ${(conflict.numbers ?? []).join(', ')} in the clone, and another one on the live site`;
    case 'NAME_TAKEN':
      return `the live site has something else of the name ${textOfCell(conflict.name)}`;
    case 'NEEDS':
      return `needs ${titleOfKey(conflict.what)}, which does not travel: add --only or --include, or leave it out with --skip`;
    case 'ADDRESS':
      return `${fieldNames([conflict.field])} holds an address of the clone that the live site has nothing for`;
    case 'NOT_COMPARABLE':
      return conflict.why;
    default:
      return conflict satisfies never;
  }
}

/** Why a thing stays in the clone, in words, with the flag that would bring it where there is one. */
export function keptText(kept: Kept, titleOfKey: (key: string) => string): string {
  switch (kept.code) {
    case 'PROTECTED':
      return `never travels unless named: --include ${kept.class}`;
    case 'NOISE':
      return 'the site changes it by itself';
    case 'DELETION':
      return 'deleted here; stays unless --delete is given';
    case 'NOT_CHOSEN':
      return 'not asked for';
    case 'LIVE_TAKEN':
      return `the live site's was taken: ${conflictText(kept.instead, titleOfKey)}`;
    default:
      return kept satisfies never;
  }
}
