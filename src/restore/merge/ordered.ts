import { cell, tableOf } from './parts.ts';
import type { Row, TableDifferences, Versions } from './types.ts';

const PRODUCT_KEYS = new Set(['_product_id', '_variation_id']);

/** The numbers of the products and variations in orders that the clone alone has. */
export function orderedIn(tables: readonly TableDifferences[]): ReadonlySet<string> {
  const ordered = new Set<string>();
  for (const differences of tables) {
    const table = tableOf(differences);
    if (table.short !== 'woocommerce_order_itemmeta') continue;
    for (const { base, clone } of differences.rows)
      if (base === undefined && clone !== undefined && PRODUCT_KEYS.has(cell(table, clone, 'meta_key') ?? ''))
        ordered.add(cell(table, clone, 'meta_value') ?? '');
  }
  return ordered;
}

/** What a shop's look-up table says of stock follows the products' own data, which stays where orders stay. */
const STOCK = ['stock_quantity', 'stock_status'];

/** The same differences, but for what orders of the clone have made of stock in the look-up table. */
export function withoutOrderedStock(tables: readonly TableDifferences[]): readonly TableDifferences[] {
  const ordered = orderedIn(tables);
  if (ordered.size === 0) return tables;
  return tables.map((differences) => {
    const table = tableOf(differences);
    if (table.short !== 'wc_product_meta_lookup') return differences;
    const places = new Set(STOCK.map((column) => table.at(column)));
    const unsold = (versions: Versions): Versions => {
      const { base, clone } = versions;
      if (base === undefined || clone === undefined || !ordered.has(cell(table, clone, 'product_id') ?? ''))
        return versions;
      const kept: Row = clone.map((value, at) => (places.has(at) ? (base[at] ?? null) : value));
      return { ...versions, clone: kept };
    };
    return { ...differences, rows: differences.rows.map(unsold) };
  });
}
