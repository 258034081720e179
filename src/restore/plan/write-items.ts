import { directoryOf } from '../merge/directory.ts';
import { merge } from '../merge/merge.ts';
import type { Conflict, ItemOutcome, Merge, Policy } from '../merge/outcome.ts';
import { keyOfItem, type Row, type TableDifferences } from '../merge/types.ts';
import type { Item, RestoreChanges } from '../changes.ts';
import { PROTECTED_CLASSES } from '../merge/site-protects.ts';
import { inOrder } from '../rows/differences.ts';
import type { ComparedTable } from '../rows/lines.ts';
import { askForRows, askInWhole, lineOf } from '../rows/locate.ts';
import type { SiteComparison } from './compare-site.ts';
import { titleOf } from './describe.ts';
import { withExpectations } from './expectations.ts';
import { createWayBack } from './way-back.ts';
import { createChangeWriter, recountsFor } from './write-changes.ts';

export interface WrittenItems {
  readonly merged: Merge;
  readonly changes: RestoreChanges;
}

/**
 * Merges, and writes what is wanted in the live site's own form. What cannot be written so is a conflict, which may make others:
 * then it is merged once more.
 */
export async function writeItems(
  tables: readonly TableDifferences[],
  policy: Policy,
  work: SiteComparison,
  traces: readonly string[],
): Promise<WrittenItems> {
  const against = new Map<string, Conflict>(policy.against);
  const directory = directoryOf(tables);
  const wayBack = createWayBack(work.mapping, traces);
  for (;;) {
    const merged = merge(tables, { ...policy, against });
    const wanted = merged.items.filter(({ writes }) => writes.length > 0);
    await knowRaw(wanted, tables, work);
    const writer = createChangeWriter(work.raws, wayBack);
    const troubles = wanted.flatMap((outcome, item) => {
      const fields = outcome.writes.flatMap((write) => writer.add(write, item) ?? []);
      return fields.slice(0, 1).map((field) => [keyOfItem(outcome.item), field] as const);
    });
    for (const [key, field] of troubles) against.set(key, { code: 'ADDRESS', field });
    if (troubles.length > 0) continue;
    const items = wanted.map(({ item }): Item => ({ id: keyOfItem(item), title: titleOf(item, directory) }));
    const include = PROTECTED_CLASSES.filter((each) => policy.include.has(each));
    const writes = wanted.flatMap((outcome) => outcome.writes);
    const recounts = recountsFor(writer.tables, writes, work.info.tablePrefix);
    const changed = withExpectations(writer.tables, wanted, tables, policy.include);
    return { merged, changes: { items, tables: changed, files: [], plugins: [], recounts, include } };
  }
}

/** Asks for the rows of the live site that are to be changed and are known only as the clone was made with them. */
async function knowRaw(
  outcomes: readonly ItemOutcome[],
  tables: readonly TableDifferences[],
  work: SiteComparison,
): Promise<void> {
  const unknown = new Map<string, Row[]>();
  for (const { part } of outcomes.flatMap(({ writes }) => writes)) {
    const known = unknown.get(part.table.name) ?? [];
    known.push(...part.live.filter((row) => !work.raws.has(row)));
    if (known.length > 0) unknown.set(part.table.name, known);
  }
  for (const [name, rows] of unknown) {
    const table: ComparedTable | undefined =
      work.extended?.get(name) ?? work.schema.tables.find((each) => each.name === name);
    const info = work.info.tables.find((each) => each.name === name);
    if (!info) continue;
    const asking = { ...work, columns: await work.columnsOf(table ? inOrder(info, table) : info) };
    const merged = tables.find((each) => each.name === name);
    const found =
      work.kin === 'other'
        ? await askInWhole({ name, key: info.key, columns: merged?.columns ?? [] }, rows, asking)
        : table && (await askForRows(work.baseline, table, rows, asking));
    if (!found) continue;
    for (const row of rows) work.raws.set(row, found.get(lineOf(row)) ?? row);
  }
}
