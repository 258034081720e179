import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TargetConnection } from '../database/connection.ts';
import type { PlannedTable, TablePlan } from '../database/plan.ts';
import type { OpenedEarlier } from '../earlier/open.ts';
import { definitionDigest } from '../origin/database.ts';
import type { TableFilesPlace, TransferSite } from '../types.ts';
import type { WarningCollector } from '../warnings.ts';
import { writeMark } from './folder.ts';
import { openTableFiles } from './import.ts';

/** Tables that are there with the rows of an earlier clone before any row has come. */
export interface LaidTables {
  /** Whether the table, which has just been made and is empty, has these rows now, and all of its keys. */
  lay(connection: TargetConnection, table: PlannedTable, warnings: WarningCollector): Promise<boolean>;
  /** All is well. `same` are the tables that are as they were laid: their files are kept. */
  finish(same: ReadonlySet<string>): Promise<void>;
}

const NONE: LaidTables = { lay: async () => false, finish: async () => undefined };

/**
 * Takes over the files of the earlier clone's tables, if there are any and nobody else was faster; to be called when the database has just
 * been emptied. Whatever is wrong with them, or does not fit, costs that table's files, and its rows are loaded.
 */
export async function layTables(
  site: TransferSite,
  earlier: OpenedEarlier | undefined,
  connection: TargetConnection,
  plans: readonly TablePlan[],
  signal: AbortSignal,
): Promise<LaidTables> {
  const place = site.tableFiles;
  if (place === undefined || earlier === undefined || !(await takeTables(earlier, place))) return NONE;
  // Those were other tables.
  await writeMark(place, { server: '', tables: [] });
  const files = await openTableFiles(site, connection, plans, signal);
  return {
    lay: async (session, table, warnings) => fits(table, earlier) && files.fill(session, table.plan, warnings),
    finish: (same) => files.finish((name) => same.has(name)),
  };
}

/**
 * Moves the files to where those of the new clone are. False when there are none, or none of the clone whose rows were opened: another one
 * that is removed in this moment leaves its own in the same place, and of those nobody here knows what rows they hold.
 */
export async function takeTables(
  { files, isStill }: Pick<OpenedEarlier, 'files' | 'isStill'>,
  { kept }: Pick<TableFilesPlace, 'kept'>,
): Promise<boolean> {
  if (files === undefined) return false;
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  const taken = await rename(files, kept).then(
    () => true,
    () => false,
  );
  if (!taken || (await isStill())) return taken;
  await rm(kept, { recursive: true, force: true });
  return false;
}

/** Whether the earlier clone's table was made by the same statements, and can be brought to the new rows by its key. */
function fits({ plan, selected, ids }: PlannedTable, { made, tables }: OpenedEarlier): boolean {
  const before = made.get(plan.name);
  if (before?.isWhole !== true || tables.get(plan.name)?.isNumbered !== true) return false;
  const counts = /\bAUTO_INCREMENT\b/i.test(plan.create);
  return (
    (ids !== null || !counts) &&
    before.definition === definitionDigest(selected.info.definition) &&
    definitionDigest(before.plan.create) === definitionDigest(plan.create) &&
    JSON.stringify(before.plan.keys) === JSON.stringify(plan.keys) &&
    JSON.stringify([before.plan.columns, before.plan.key]) === JSON.stringify([plan.columns, plan.key])
  );
}
