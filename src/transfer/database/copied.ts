import type { CopiedTable } from '../origin/database.ts';
import type { OriginIds } from '../origin/schema.ts';
import { rulesOf } from '../rewrite/rules.ts';
import type { UrlMapping } from '../rewrite/types.ts';
import type { TargetConnection } from './connection.ts';
import { largestId, raiseNextIds } from './next-ids.ts';
import type { TableState } from './stream.ts';
import { keptOf } from './unique-keys.ts';

/** Sees to it that each table counts from where it was planned to, whatever loading it did to its counter. */
export async function setIdBands(connection: TargetConnection, states: readonly TableState[]): Promise<void> {
  const wanted = states.flatMap(({ table: { plan, ids }, leftOut }) =>
    ids?.from == null || leftOut ? [] : [[plan.name, ids.from] as const],
  );
  await raiseNextIds(connection, new Map(wanted));
}

/** What the clone is to remember of the tables, in their order. */
export async function describeCopied(
  connection: TargetConnection,
  states: readonly TableState[],
  mapping: UrlMapping,
): Promise<CopiedTable[]> {
  const copied: CopiedTable[] = [];
  for (const state of states) {
    const { plan, selected, columns, asTheyAre } = state.table;
    copied.push({
      name: plan.name,
      columns: plan.columns,
      key: plan.key,
      definition: selected.info.definition,
      copied: selected.empty ? 'structure' : 'rows',
      ids: await describeIds(connection, state),
      rules: rulesOf(mapping, columns),
      kept: keptOf(plan.columns, asTheyAre, columns.unique),
    });
  }
  return copied;
}

async function describeIds(connection: TargetConnection, state: TableState): Promise<OriginIds | null> {
  const { plan, ids, counting } = state.table;
  if (ids === null) return null;
  const max = counting || state.leftOut ? lastKey(state) : await largestId(connection, plan.name, ids.column);
  return { column: ids.column, max, next: String(ids.next), from: ids.from === null ? null : String(ids.from) };
}

/** Where the key is the counter, the last row that was read has the largest. */
function lastKey({ cursor }: TableState): string | null {
  const id = cursor?.[0] === undefined ? '' : Buffer.from(cursor[0], 'base64').toString('latin1');
  return /^\d+$/.test(id) ? id : null;
}
