import type { TableInfo } from '../../site/info.ts';
import type { TableDifferences } from '../merge/types.ts';
import { versionsByCount, versionsByKey } from '../rows/compose.ts';
import { inOrder, type Comparison } from '../rows/differences.ts';
import type { ComparedTable } from '../rows/lines.ts';
import { liveLines, pairs, type LiveLine } from '../rows/live.ts';
import type { DecidedTable } from './decide.ts';
import { filledWith } from './filled.ts';
import type { Column, Definition } from './parts.ts';

export const goes = ({ fate }: Pick<DecidedTable, 'fate'>): boolean => !fate.conflict && !fate.kept;

/** Tables that get what the clone added to them, as their rows are compared then: by their names. */
export function extendedTables(decided: readonly DecidedTable[]): ReadonlyMap<string, ComparedTable> {
  const extended = decided.filter((table) => goes(table) && table.kind === 'extend');
  return new Map(extended.flatMap((table) => (table.base ? [[table.name, extend(table, table.base)] as const] : [])));
}

function extend({ added, live }: DecidedTable, base: ComparedTable): ComparedTable {
  const isThere = ({ name }: Column): boolean => live?.columns.some((column) => column.name === name) ?? false;
  const fields = (columns: readonly Column[]): string[] =>
    columns.flatMap((column) => {
      const filled = filledWith(column);
      return typeof filled === 'object' ? [`\t${filled.field}`] : [];
    });
  // When a row was made, or altered last, is the live site's own to say.
  const told = added.filter((column) => filledWith(column) !== 'moment');
  const [there, new_] = [told.filter(isThere), told.filter((column) => !isThere(column))];
  const names = (columns: readonly Column[]): string[] => columns.map(({ name }) => name);
  return {
    ...base,
    columns: [...base.columns, ...names(there), ...names(new_)],
    extension: {
      there: [...base.columns, ...names(there)],
      base: fields([...there, ...new_]).join(''),
      live: fields(new_).join(''),
    },
  };
}

/** The rows of tables that the clone made and the live site is to get, or has made too: all of a table is one thing. */
export async function madeTables(decided: readonly DecidedTable[], work: Comparison): Promise<TableDifferences[]> {
  const made: TableDifferences[] = [];
  for (const table of decided.filter((each) => goes(each) && each.kind === 'make')) {
    const columns = table.clone.columns.map(({ name }) => name);
    const key = keyOf(table.clone);
    const counter = table.clone.columns.find(({ counts }) => counts)?.name;
    const here: LiveLine[] = [];
    for await (const lines of work.database.lines(table.name, columns, key)) {
      const block = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
      here.push(...pairs(block, work.rewriter, { skip: new Set() }));
    }
    const there = table.live ? await rowsThere(table.live, columns, work) : [];
    made.push({
      name: table.name,
      prefix: work.info.tablePrefix,
      columns,
      key,
      counter: counter !== undefined && key?.length === 1 && key[0] === counter ? counter : null,
      common: null,
      whole: true,
      rows: key
        ? versionsByKey({ columns, key }, { gone: [], come: here }, { gone: [], come: there }, work.raws)
        : versionsByCount([], there, here, work.raws),
    });
  }
  return made;
}

async function rowsThere(live: TableInfo, columns: readonly string[], work: Comparison): Promise<LiveLine[]> {
  const extension = { there: columns, base: '', live: '' };
  const reading = await work.columnsOf(inOrder(live, { extension }));
  const found: LiveLine[] = [];
  const reads = [{ name: live.name, columns, key: live.key }];
  for await (const lines of liveLines(work.client, reads, work.rewriter, reading, work.signal)) found.push(...lines);
  return found;
}

/** What tells its rows apart. */
function keyOf({ columns, keys }: Definition): readonly string[] | null {
  const isUsable = ({ parts }: Definition['keys'][number]): boolean =>
    parts.every(({ column, length }) => {
      const of = columns.find(({ name }) => name === column);
      return length === null && of?.nullable === false && !/^(float|double|enum|set)/.test(of.type);
    });
  const found =
    keys.find((key) => key.kind === 'primary' && isUsable(key)) ??
    keys.find((key) => key.kind === 'unique' && isUsable(key));
  return found?.parts.map(({ column }) => column) ?? null;
}

const NOTHING: Pick<TableDifferences, 'columns' | 'rows'> = { columns: [], rows: [] };

/**
 * Tables whose new columns the clone filled in rows that were there (an upgrade does that, or people do), while the live site wrote rows
 * in which nobody would fill them.
 */
export function filledMeanwhile(decided: readonly DecidedTable[], tables: readonly TableDifferences[]): DecidedTable[] {
  return decided.filter((table) => {
    const { columns, rows } = tables.find(({ name }) => name === table.name) ?? NOTHING;
    const places = table.added.map(({ name }) => columns.indexOf(name)).filter((at) => at !== -1);
    const filled = rows.some(({ base, clone }) => base && clone && places.some((at) => base[at] !== clone[at]));
    return filled && rows.some(({ base, live }) => live && JSON.stringify(base) !== JSON.stringify(live));
  });
}
