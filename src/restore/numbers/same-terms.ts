import { cell, tableOf, type Table } from '../merge/parts.ts';
import type { Row, TableDifferences } from '../merge/types.ts';
import type { NewNumbers } from './given.ts';

/** A menu is what is in it, not a word. */
const NO_WORDS = new Set(['nav_menu']);

/**
 * Terms that both sides made, each for itself: the word that a theme is, a tag. What has one name in one taxonomy is one term to WordPress,
 * so the clone's gets the live site's number, and all that has it follows.
 */
export function sameTerms(tables: readonly TableDifferences[]): NewNumbers {
  const terms = known(tables, 'terms');
  const taxonomies = known(tables, 'term_taxonomy');
  if (terms === undefined || taxonomies === undefined) return new Map();
  const [here, there] = [newOf('clone', terms, taxonomies), newOf('live', terms, taxonomies)];
  const numbers = new Map<string, Map<string, string>>([
    ['terms', new Map()],
    ['term_taxonomy', new Map()],
  ]);
  for (const [name, ours] of here) {
    const theirs = there.get(name);
    // Two of one name are none that anybody could mean.
    if (ours.length !== 1 || theirs?.length !== 1) continue;
    const [our, their] = [ours[0], theirs[0]];
    if (!our || !their || our.term === their.term) continue;
    numbers.get('terms')?.set(our.term, their.term);
    numbers.get('term_taxonomy')?.set(our.taxonomy, their.taxonomy);
  }
  return numbers;
}

interface Known {
  readonly table: Table;
  readonly rows: TableDifferences['rows'];
}

function known(tables: readonly TableDifferences[], short: string): Known | undefined {
  return tables
    .map((differences): Known => ({ table: tableOf(differences), rows: differences.rows }))
    .find(({ table }) => table.short === short && table.doubt === undefined);
}

/** The numbers of what one side alone has of these numbers and made itself, by taxonomy and name. */
function newOf(
  side: 'live' | 'clone',
  terms: Known,
  taxonomies: Known,
): Map<string, { readonly term: string; readonly taxonomy: string }[]> {
  const made = ({ rows }: Known): Row[] =>
    rows.flatMap(({ base, live, clone }) => {
      const row = side === 'live' ? live : clone;
      return !base && row && !(live && clone) ? [row] : [];
    });
  const byTerm = Map.groupBy(made(taxonomies), (row) => cell(taxonomies.table, row, 'term_id'));
  const found = new Map<string, { term: string; taxonomy: string }[]>();
  for (const row of made(terms)) {
    const value = (column: string): string => cell(terms.table, row, column) ?? '';
    const [place, more] = byTerm.get(value('term_id')) ?? [];
    const name = place && cell(taxonomies.table, place, 'taxonomy');
    if (!place || more || name == null || NO_WORDS.has(name)) continue;
    const key = [name, value('slug'), value('name')].join('\n');
    const taxonomy = cell(taxonomies.table, place, 'term_taxonomy_id') ?? '';
    found.set(key, [...(found.get(key) ?? []), { term: value('term_id'), taxonomy }]);
  }
  return found;
}
