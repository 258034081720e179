import { directoryOf, NUMBERED } from './directory.ts';
import { cell, contentOf, tableOf, VERSIONS, type Table } from './parts.ts';
import { referencesOf } from './references.ts';
import type { TableDifferences, Versions } from './types.ts';

/** Rows that are to be known beside those that differ: of this table, those with one of the values in this column. */
export interface Lookup {
  readonly short: string;
  readonly column: string;
  readonly values: readonly string[];
}

/**
 * What the merge has to know besides the rows that differ: what they belong to and refer to, and the rest of what is one thing in
 * several rows. To be asked until nothing new is wanted; what is found is added to the tables as rows that are the same in all
 * three versions.
 */
export function lookupsFor(tables: readonly TableDifferences[], asked: ReadonlySet<string>): Lookup[] {
  const directory = directoryOf(tables);
  const wanted = new Map<string, Set<string>>();
  const known = new Set(tables.map((differences) => tableOf(differences).short));
  const want = (short: string, column: string, value: string | null): void => {
    if (value === null || !known.has(short) || asked.has(askKey(short, column, value))) return;
    const place = `${short}\t${column}`;
    wanted.set(place, (wanted.get(place) ?? new Set()).add(value));
  };
  for (const differences of tables) {
    const table = tableOf(differences);
    for (const versions of differences.rows) {
      if (changes(table, versions)) wantOthersOf(table, versions, want);
      for (const version of VERSIONS) {
        const row = versions[version];
        if (!row) continue;
        for (const { short, id } of referencesOf(table, row, directory)) want(short, NUMBERED[short] ?? '', id);
        if (table.short === 'terms') want('term_taxonomy', 'term_id', cell(table, row, 'term_id'));
        if (table.short === 'yoast_indexable_hierarchy')
          want('yoast_indexable', 'id', cell(table, row, 'indexable_id'));
        if (table.short !== 'posts') continue;
        const [id, type] = [cell(table, row, 'ID'), cell(table, row, 'post_type') ?? ''];
        if (type === 'nav_menu_item') want('term_relationships', 'object_id', id);
        if (type.startsWith('shop_order')) want('wc_orders', 'id', id);
      }
    }
  }
  return [...wanted].map(([place, values]) => {
    const [short = '', column = ''] = place.split('\t');
    return { short, column, values: [...values] };
  });
}

export const askKey = (short: string, column: string, value: string): string => `${short}\t${column}\t${value}`;

const changes = (table: Table, { base, clone }: Versions): boolean =>
  contentOf(table, base ? [base] : []) !== contentOf(table, clone ? [clone] : []);

/** The other values of the owner's, and of what is new or gone its place among others. */
function wantOthersOf(
  table: Table,
  versions: Versions,
  want: (short: string, column: string, value: string | null) => void,
): void {
  const row = versions.clone ?? versions.base;
  const owner = table.class.identity[0];
  if (row && table.class.kind === 'meta' && owner !== undefined) want(table.short, owner, cell(table, row, owner));
}
