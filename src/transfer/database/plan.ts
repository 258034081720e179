import type { SiteInfo } from '../../site/info.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { TargetServer } from './collations.ts';
import { parseDefinition, type TableDefinition } from './definition.ts';
import { loadStatement } from './load.ts';
import { skippedColumns, type SelectedTable } from './select.ts';
import { isWord } from './sql-tokens.ts';
import { translateTable, type TableStatements } from './translate.ts';

/** Below this many bytes of data a table gets all its keys at once: one ALTER TABLE costs more than they do. */
const DEFER_KEYS_FROM_BYTES = 4_000_000;

/** All that is needed to make and fill one table; plain data, kept in the baseline. */
export interface TablePlan extends TableStatements {
  readonly name: string;
  /** The columns of the rows, in order. */
  readonly columns: readonly string[];
  /** The columns of the key by which rows are told apart; null when there is none. */
  readonly key: readonly string[] | null;
  readonly load: string;
}

export interface PlannedTable {
  readonly plan: TablePlan;
  readonly selected: SelectedTable;
  /** Indexes of columns that are not rewritten. */
  readonly skip: ReadonlySet<number>;
  /** Its only key column counts up, so rows that arrive during the transfer are those above the last one read. */
  readonly counting: boolean;
}

/** Plans a table for this server. Throws TABLE_FAILED, COLLATION_UNKNOWN. */
export function planTable(
  selected: SelectedTable,
  context: { info: SiteInfo; tables: ReadonlySet<string>; server: TargetServer; warnings: WarningCollector },
): PlannedTable {
  const { info: table, empty } = selected;
  const definition = parseDefinition(table.definition, table.name);
  const columns = table.columns.filter((column) => !column.generated);
  const deferKeys = !empty && table.dataBytes >= DEFER_KEYS_FROM_BYTES;
  const statements = translateTable(
    definition,
    { deferKeys, tables: context.tables },
    context.server,
    context.warnings,
  );
  const json = (type: string): boolean => context.server.flavor === 'mysql' && type.startsWith('json');
  if (table.key === null && !empty)
    context.warnings.add('TABLE_WITHOUT_KEY', `${escapedName(table.name)} has no key: it was read in one go.`);
  return {
    selected,
    plan: {
      name: table.name,
      columns: columns.map((column) => column.name),
      key: table.key,
      load: loadStatement(
        table.name,
        columns.map((column) => ({ name: column.name, json: json(column.type) })),
      ),
      ...statements,
    },
    skip: skippedColumns(table, context.info.tablePrefix),
    counting: isCounting(definition, table.key),
  };
}

function isCounting(definition: TableDefinition, key: readonly string[] | null): boolean {
  const column = definition.columns.find(({ name }) => name === key?.[0]);
  return key?.length === 1 && (column?.tokens.some((token) => isWord(token, 'AUTO_INCREMENT')) ?? false);
}
