import { WpcloneError } from '../../shared/errors.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { Reading } from '../rewrite/reading.ts';
import type { RowColumns } from '../rewrite/types.ts';
import type { Readings } from './charsets.ts';
import type { TargetServer } from './collations.ts';
import { parseDefinition, type TableDefinition } from './definition.ts';
import { createStatement, type Draft } from './draft.ts';
import { listsAsTheyAre } from './lists.ts';
import { planIds, withNextId, type IdPlan, type IdRules } from './ids.ts';
import { isTextOnly, loadStatement } from './load.ts';
import { skippedColumns, type SelectedTable } from './select.ts';
import type { Spelling } from './spelling.ts';
import { isWord } from './sql-tokens.ts';
import { translateTable, type TableStatements } from './translate.ts';
import type { UniqueRows } from '../rewrite/unique.ts';
import { uniqueRowsOf } from './unique-keys.ts';

/** Below this many bytes of data a table gets all its keys at once: one ALTER TABLE costs more than they do. */
const DEFER_KEYS_FROM_BYTES = 4_000_000;

/** All that is needed to make and fill one table; plain data, kept in the baseline. */
export interface TablePlan extends Omit<TableStatements, 'draft'> {
  readonly name: string;
  /** The CREATE TABLE. */
  readonly create: string;
  /** The columns of the rows, in order. */
  readonly columns: readonly string[];
  /** The columns of the key by which rows are told apart; null when there is none. */
  readonly key: readonly string[] | null;
  readonly load: string;
}

export interface PlannedTable {
  readonly plan: TablePlan;
  /** The CREATE TABLE in parts, for a server that does not take all of it. */
  readonly draft: Draft;
  readonly selected: SelectedTable;
  /** Of a table with a counter. */
  readonly ids: IdPlan | null;
  /** What rewriting must know of its columns. */
  readonly columns: RowColumns & { readonly unique: UniqueRows | undefined };
  /** Columns whose values keep the addresses of the source. */
  readonly asTheyAre: ReadonlySet<string>;
  /** How many values of a column hold an address in base64, by the column's index; filled in while rows are read. */
  readonly encoded: ReadonlyMap<number, number>;
  /** Its only key column counts up, so rows that arrive during the transfer are those above the last one read. */
  readonly counting: boolean;
}

/** What tables are planned for. */
export interface PlanContext {
  readonly info: SiteInfo;
  readonly server: TargetServer;
  readonly readings: Readings;
  readonly warnings: WarningCollector;
  readonly ids: IdRules;
  readonly spell: Spelling;
}

/**
 * Plans the tables for this server. One that is excluded and whose definition is of no use is left out with a warning. Throws
 * TABLE_FAILED, COLLATION_UNKNOWN.
 */
export async function planTables(selected: readonly SelectedTable[], context: PlanContext): Promise<PlannedTable[]> {
  const defined = selected.flatMap((table) =>
    orLeftOut(table, context, () => [{ table, definition: readDefinition(table.info, context.spell) }]),
  );
  const tables = new Set(defined.map(({ table }) => table.info.name));
  const planned = await Promise.all(
    defined.map(async ({ table, definition }) => {
      const readings = await readingsOf(table.info, context.readings);
      return orLeftOut(table, context, () => [planTable(table, definition, readings, { ...context, tables })]);
    }),
  );
  return planned.flat();
}

/** How columns are read whose stored bytes are not what PHP gets, by the column's place among those that hold values. */
export async function readingsOf(table: Pick<TableInfo, 'columns'>, readings: Readings): Promise<Map<number, Reading>> {
  const found = new Map<number, Reading>();
  for (const [index, { charset }] of table.columns.filter(({ generated }) => !generated).entries()) {
    const reading = await readings(charset);
    if (reading) found.set(index, reading);
  }
  return found;
}

function orLeftOut<T>({ info, empty }: SelectedTable, { warnings }: PlanContext, plan: () => T[]): T[] {
  try {
    return plan();
  } catch (error) {
    if (!empty || !(error instanceof WpcloneError)) throw error;
    warnings.add('DATABASE_FEATURE_DROPPED', `The table ${escapedName(info.name)} was left out: ${error.message}`);
    return [];
  }
}

function readDefinition({ name, definition, problem }: TableInfo, spell: Spelling): TableDefinition {
  if (definition !== '' || !problem) return parseDefinition(definition, name, spell.name);
  throw new WpcloneError(
    'TABLE_FAILED',
    `The source’s database cannot open the table ${escapedName(name)}: ${escapedName(problem)}. A damaged table is mended there with REPAIR TABLE.`,
    { details: { table: escapedName(name) } },
  );
}

function planTable(
  selected: SelectedTable,
  definition: TableDefinition,
  readings: ReadonlyMap<number, Reading>,
  context: PlanContext & { tables: ReadonlySet<string> },
): PlannedTable {
  const { info: table, empty } = selected;
  const columns = table.columns.filter((column) => !column.generated);
  const lists = listsAsTheyAre(definition, context.spell.text, context.warnings);
  const kept = new Set(columns.flatMap(({ name }, at) => (lists.has(name) ? [at] : [])));
  const skip = new Set([...skippedColumns(table, context.info.tablePrefix), ...kept]);
  const deferKeys = !empty && table.dataBytes >= DEFER_KEYS_FROM_BYTES;
  const ids = planIds(definition, table, context.info, context.ids);
  const { draft, ...statements } = translateTable(
    withNextId(definition, ids),
    { deferKeys, tables: context.tables, text: context.spell.text, asTheyAre: lists },
    context.server,
    context.warnings,
  );
  for (const part of definition.leftOut)
    context.warnings.add(
      'DATABASE_FEATURE_DROPPED',
      `${escapedName(table.name)}: ${escapedName(part)} left out: it is no part of a table that is known here.`,
    );
  const encoded = new Map<number, number>();
  if (table.key === null && !empty)
    context.warnings.add('TABLE_WITHOUT_KEY', `${escapedName(table.name)} has no key: it was read in one go.`);
  return {
    selected,
    draft,
    ids,
    plan: {
      name: table.name,
      create: createStatement(draft),
      columns: columns.map((column) => column.name),
      key: table.key,
      load: loadStatement(
        table.name,
        columns.map(({ name, type }) => ({ name, textOnly: isTextOnly(type, context.server.flavor) })),
      ),
      ...statements,
    },
    columns: {
      skip,
      unique: empty ? undefined : uniqueRowsOf(definition, columns, skip),
      readings,
      encoded: (column) => encoded.set(column, (encoded.get(column) ?? 0) + 1),
    },
    asTheyAre: lists,
    encoded,
    counting: isCounting(definition, table.key),
  };
}

function isCounting(definition: TableDefinition, key: readonly string[] | null): boolean {
  const column = definition.columns.find(({ name }) => name === key?.[0]);
  return key?.length === 1 && (column?.tokens.some((token) => isWord(token, 'AUTO_INCREMENT')) ?? false);
}
