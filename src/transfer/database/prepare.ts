import type { TransferInput } from '../types.ts';
import type { WarningCollector } from '../warnings.ts';
import { createReadings } from './charsets.ts';
import { describeTarget, type TargetConnection } from './connection.ts';
import { warnOfOtherSites, warnOfUnmatched } from './import-warnings.ts';
import { idRules } from './ids.ts';
import { type Others, selectOthers } from './others.ts';
import { planTables } from './plan.ts';
import { selectTables } from './select.ts';
import { distinctTables, type Spelling, spellingOf, textsBy, warnOfCase } from './spelling.ts';
import type { TableState } from './stream.ts';
import type { TargetServer } from './collations.ts';

/** What is copied, and how this server is to have it. */
export interface Prepared {
  readonly server: TargetServer;
  readonly spell: Spelling;
  readonly others: Others;
  readonly states: readonly TableState[];
}

/** Chooses the tables and plans each of them; makes nothing yet. Throws COLLATION_UNKNOWN, TABLE_WITHOUT_KEY. */
export async function prepareTables(
  connection: TargetConnection,
  input: TransferInput,
  warnings: WarningCollector,
): Promise<Prepared> {
  const { task, rewriter } = input;
  const { info } = task;
  const server = await describeTarget(connection);
  const spell: Spelling = { name: spellingOf(info), text: textsBy(rewriter) };
  warnOfCase(info, server, warnings);
  const others = selectOthers(info, task.includeTables ?? [], spell.name);
  const selected = distinctTables(selectTables(info, task.excludeTables, others.tables), server, warnings);
  warnOfUnmatched(task, selected, others, warnings);
  const readings = createReadings(connection, info.connectionCharset ?? info.charset, server.charsets);
  const planned = await planTables(selected, { info, server, readings, warnings, ids: idRules(input), spell });
  warnOfOtherSites(info, warnings);
  const states = planned.map((table, index): TableState => ({
    table,
    file: `${index}.tsv`,
    rows: 0,
    bytes: 0,
    cursor: null,
    done: false,
    laid: 'not',
    leftOut: false,
  }));
  return { server, spell, others, states };
}
