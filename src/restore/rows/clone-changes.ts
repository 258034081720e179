import type { BaselineTable } from '../../transfer/baseline/database.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import type { CloneDatabase } from './clone.ts';
import { difference, PLAIN, type Order } from './difference.ts';
import { baseLines, rowOf } from './lines.ts';
import { pairs, type LiveLine } from './live.ts';

/** What the clone changed in a table: lines of the baseline that are not there any more, and lines that are there instead or besides. */
export interface CloneChanges {
  readonly gone: readonly string[];
  /** `line`: with the live site's addresses, which somebody may have typed, as the clone's; `raw`: as it is there. */
  readonly come: readonly LiveLine[];
}

/** Compares a table of the clone with what it was made with. */
export async function cloneChanges(
  baseline: string,
  table: BaselineTable,
  database: CloneDatabase,
  rewriter: Pick<Rewriter, 'rows'>,
  columns: RowColumns,
): Promise<CloneChanges> {
  const { name, key, file } = table;
  const now = database.lines(name, table.columns, key);
  const { gone, come } = await difference(baseLines(baseline, file), now, PLAIN, orderOf(table));
  const block = Buffer.from(come.map((line) => `${line}\n`).join(''), 'latin1');
  return withoutSame(gone, pairs(block, rewriter, { skip: columns.skip }));
}

/** What differs only in whose address is written there is no change. */
function withoutSame(gone: readonly string[], come: readonly LiveLine[]): CloneChanges {
  const left = new Map<string, number>();
  for (const line of gone) left.set(line, (left.get(line) ?? 0) + 1);
  const rest = come.filter(({ line }) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
  return { gone: [...left].flatMap(([line, count]) => Array.from({ length: count }, () => line)), come: rest };
}

/** By a key of one column that holds numbers; of others nobody knows on both sides what comes first. */
export function orderOf({ columns, key }: Pick<BaselineTable, 'columns' | 'key'>): Order | undefined {
  const column = key?.length === 1 ? columns.indexOf(key[0] ?? '') : -1;
  if (column === -1) return undefined;
  const number = (line: string): number => Number(rowOf(line)[column] ?? Number.NaN);
  return (one, other) => {
    const sign = Math.sign(number(one) - number(other));
    return Number.isNaN(sign) ? 0 : sign;
  };
}
