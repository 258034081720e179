import { keepLive, mergeLatest, mergeMap, mergeMapOfSets, mergeSet, type MergeCell } from './cells.ts';
import type { TableDifferences } from './types.ts';

/**
 * What makes rows of a table the same thing on both sides:
 * - `entity`: its number; a number that both gave anew is two things;
 * - `meta`: owner and key; the row's number is only its carrier, since plugins delete and add instead of changing;
 * - `setting`: its name;
 * - `relation`: all that it relates: rows are there or not;
 * - `derived`: its key, and both sides change different cells all the time;
 * - `keyed`: its key; `unkeyed`: the whole row, as often as it is there.
 */
export interface TableClass {
  readonly kind: 'entity' | 'meta' | 'setting' | 'relation' | 'derived' | 'keyed' | 'unkeyed';
  /** Columns that make the identity. */
  readonly identity: readonly string[];
  /** Columns that carry a row and say nothing. */
  readonly carriers: readonly string[];
}

const SETTINGS: Readonly<Record<string, readonly [name: string, carrier: string]>> = {
  options: ['option_name', 'option_id'],
};
const RELATIONS = new Set(['term_relationships']);
const DERIVED = /^wc_product_meta_lookup$|_lookup$|^yoast_indexable/;

export const shortName = ({ name, prefix }: Pick<TableDifferences, 'name' | 'prefix'>): string =>
  name.startsWith(prefix) ? name.slice(prefix.length) : name;

/** Tells the class of a table by what it is known for, else by its columns. */
export function classOf(table: Omit<TableDifferences, 'rows'>): TableClass {
  const { columns, key, counter } = table;
  const short = shortName(table);
  const setting = SETTINGS[short];
  if (setting && columns.includes(setting[0]))
    return { kind: 'setting', identity: [setting[0]], carriers: [setting[1]] };
  const owner = ownerColumn(columns, counter);
  if (owner !== undefined && counter !== null)
    return { kind: 'meta', identity: [owner, 'meta_key'], carriers: [counter] };
  if (key === null) return { kind: 'unkeyed', identity: columns, carriers: [] };
  if (RELATIONS.has(short) || key.length === columns.length) return { kind: 'relation', identity: key, carriers: [] };
  if (DERIVED.test(short)) return { kind: 'derived', identity: key, carriers: [] };
  return { kind: counter === null ? 'keyed' : 'entity', identity: key, carriers: [] };
}

/** Of a table of meta data: four columns, of which one counts and one is the owner's number. */
function ownerColumn(columns: readonly string[], counter: string | null): string | undefined {
  const rest = columns.filter((column) => column !== counter && column !== 'meta_key' && column !== 'meta_value');
  return counter !== null && columns.length === 4 && rest.length === 1 && columns.includes('meta_value')
    ? rest[0]
    : undefined;
}

/** Columns in which a change alone says nothing, and what two changes of them come to. */
const QUIET: Readonly<Record<string, Readonly<Record<string, MergeCell>>>> = {
  posts: {
    post_modified: mergeLatest,
    post_modified_gmt: mergeLatest,
    comment_count: keepLive,
    pinged: keepLive,
    to_ping: keepLive,
    // What feeds know a post by: an address that is never rewritten, so that what came from the clone has the live site's there.
    guid: keepLive,
  },
  term_taxonomy: { count: keepLive },
  users: { user_activation_key: keepLive },
  wc_product_meta_lookup: { total_sales: keepLive },
  // What the plugin counts and notes beside what it knows of a page. The hash is that of an address, which is another one in each site.
  yoast_indexable: {
    created_at: keepLive,
    updated_at: mergeLatest,
    object_last_modified: mergeLatest,
    permalink_hash: keepLive,
    link_count: keepLive,
    incoming_link_count: keepLive,
    prominent_words_version: keepLive,
    version: keepLive,
  },
};

export const quietColumns = (short: string): Readonly<Record<string, MergeCell>> => QUIET[short] ?? {};

/** Columns that people write in: two changes in one row are told of, and are a conflict for who wants to be strict. */
const WRITTEN = new Set(['post_title', 'post_content', 'post_excerpt', 'post_status']);
export const isWritten = (column: string): boolean => WRITTEN.has(column);

/** Rows in which changes of different cells do not concern each other. */
const BY_CELL = new Set(['posts', 'terms', 'term_taxonomy', 'users', 'comments', 'links', 'options']);
export const isMergedByCell = (short: string, { kind }: TableClass): boolean =>
  kind === 'derived' || BY_CELL.has(short);

const SETTING_CELLS: readonly (readonly [RegExp, MergeCell])[] = [
  [/^sticky_posts$/, mergeSet],
  [/^sidebars_widgets$/, mergeMapOfSets],
  [/^(theme_mods_.*|widget_.*|user_roles|nav_menu_options)$/, mergeMap],
];

/** How two changes of a setting's value are merged, where they can be. */
export const settingCell = (name: string, prefix: string): MergeCell | undefined =>
  SETTING_CELLS.find(([pattern]) => pattern.test(name === `${prefix}user_roles` ? 'user_roles' : name))?.[1];
