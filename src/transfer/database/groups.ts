import type { SelectedTable } from './select.ts';

/** Families of tables (by name without prefix) that are read in the same snapshot where that does not hold up the whole. */
const FAMILIES: readonly RegExp[] = [
  /^(posts|postmeta|term_relationships)$/,
  /^users?(meta)?$/,
  /^comment(s|meta)$/,
  /^term(s|meta|_taxonomy)$/,
  /^(wc_order|woocommerce_order)/,
  /^wc_product|^wc_category/,
];

/** What a table costs besides its bytes: making it, and one LOAD DATA. */
const PER_TABLE_BYTES = 200_000;

const weight = (tables: readonly SelectedTable[]): number =>
  tables.reduce((sum, table) => sum + PER_TABLE_BYTES + (table.empty ? 0 : Math.max(0, table.info.dataBytes)), 0);

/**
 * Spreads tables over at most `streams` streams so that all end at about the same time: the largest families first, each
 * into the stream with the least to do. A family that alone would take longer than a fair share is split into its tables.
 */
export function planGroups(tables: readonly SelectedTable[], prefix: string, streams: number): SelectedTable[][] {
  const fair = weight(tables) / streams;
  const families = Map.groupBy(tables, (table) => {
    const name = table.info.name.slice(prefix.length);
    const family = FAMILIES.findIndex((pattern) => pattern.test(name));
    return family < 0 ? table.info.name : family;
  });
  const units = [...families.values()]
    .flatMap((family) => (family.length > 1 && weight(family) > fair ? family.map((table) => [table]) : [family]))
    .toSorted((a, b) => weight(b) - weight(a));
  const groups: SelectedTable[][] = Array.from({ length: streams }, () => []);
  for (const unit of units) {
    const least = groups.reduce((best, group) => (weight(group) < weight(best) ? group : best));
    least.push(...unit);
  }
  return groups.filter((group) => group.length > 0);
}
