import { createHash } from 'node:crypto';
import type { Item, NewColumn, RestoreChanges, TableAddition, TableChanges } from '../changes.ts';
import { goes } from '../schema/compared.ts';
import { isAsWanted, type DecidedTable } from '../schema/decide.ts';
import type { VersionSettings } from '../schema/decided.ts';
import type { Column } from '../schema/parts.ts';
import { isTaken } from './agreed.ts';
import type { PlanItem } from './schema.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Adds the tables that are made or altered to the things of a plan. `items`: of rows; all rows of a new table are one of them. */
export function withTableItems(items: readonly PlanItem[], decided: readonly DecidedTable[]): PlanItem[] {
  const told = decided.filter((table) => table.what.length > 0 && !isThere(table));
  const definitions = told.map((table) =>
    itemOf(
      table,
      items.find(({ id }) => id === `table:${table.short}`),
    ),
  );
  const ids = new Set(definitions.map(({ id }) => id));
  return [...definitions, ...items.filter(({ id }) => !ids.has(id))];
}

/** The live site has all of it by now. */
const isThere = (table: DecidedTable): boolean => goes(table) && !table.drops && isAsWanted(table);

function itemOf(table: DecidedTable, rows: PlanItem | undefined): PlanItem {
  const { columns, keys, wider, collated, what, collation } = table;
  const said = JSON.stringify([columns, keys, wider, collated, what, collation, table.clone.engine]);
  const fate = rows !== undefined && goes(table) ? { conflict: rows.conflict, kept: rows.kept } : table.fate;
  return {
    id: `table:${table.short}`,
    group: 'tables',
    title: `Table ${table.short}`,
    change: table.kind === 'make' ? 'new' : 'changed',
    ...(table.package && { package: table.package.id }),
    what: table.kind === 'make' ? [] : [...table.what],
    both: false,
    rows: rows?.rows ?? 0,
    live: sha256(`${table.live?.definition.replace(/ AUTO_INCREMENT=\d+/, '') ?? 'none'} ${rows?.live ?? ''}`),
    clone: sha256(`${said} ${rows?.clone ?? ''}`),
    ...(fate.conflict && { conflict: fate.conflict }),
    ...(fate.kept && { kept: fate.kept }),
  };
}

/**
 * Adds what is done to the definitions of tables, and binds it to the package of code that it belongs to, with the setting that keeps
 * the version of it: they are undone together.
 */
export function withTableChanges(
  changes: RestoreChanges,
  items: readonly PlanItem[],
  decided: readonly DecidedTable[],
  { travel, back }: VersionSettings,
): RestoreChanges {
  const taken = new Set(items.filter(isTaken).map(({ id }) => id));
  const bound = [...travel].flatMap(([name, id]) => {
    const [from, to] = [`option:${name}`, id].map((each) => changes.items.findIndex((item) => item.id === each));
    return from === undefined || to === undefined || from === -1 || to === -1 ? [] : [[from, to] as const];
  });
  const joined = joinItems(changes, new Map(bound));
  const all: Item[] = [...joined.items];
  const schema = decided
    .filter((table) => taken.has(`table:${table.short}`) && !isAsWanted(table))
    .map((table): TableAddition => {
      const owner = all.findIndex(({ id }) => id === table.package?.id);
      const own = all.findIndex(({ id }) => id === `table:${table.short}`);
      const found = owner === -1 ? own : owner;
      const item = found === -1 ? all.push({ id: `table:${table.short}`, title: `Table ${table.short}` }) - 1 : found;
      const settings = back.filter((each) => each.package === table.package?.id);
      return { ...additionOf(table, item), settings: settings.map(({ name, before }) => ({ name, before })) };
    });
  return { ...joined, items: all, schema };
}

const additionOf = (table: DecidedTable, item: number): TableAddition => ({
  item,
  table: table.name,
  kind: table.kind,
  columns: table.columns.map(newColumn),
  keys: table.keys.map(({ kind, name, parts }) => ({ kind, name, parts })),
  wider: table.wider.map(newColumn),
  collated: table.collated,
  ...(table.kind === 'make' && { engine: table.clone.engine, collation: table.collation }),
});

const newColumn = ({ name, type, collation, nullable, stamped, counts, fallback }: Column): NewColumn => ({
  name,
  type,
  collation,
  nullable,
  stamped,
  counts,
  fallback: fallback.kind,
  ...(fallback.kind === 'value' && { value: fallback.value }),
});

/** Makes things part of others: by the numbers of both. */
function joinItems(changes: RestoreChanges, into: ReadonlyMap<number, number>): RestoreChanges {
  if (into.size === 0) return changes;
  const left = changes.items.map((_, at) => at).filter((at) => !into.has(at));
  const places = new Map(left.map((at, place) => [at, place]));
  const move = <T extends { readonly item: number }>(all: readonly T[]): T[] =>
    all.map((each) => ({ ...each, item: places.get(into.get(each.item) ?? each.item) ?? each.item }));
  const moved = (table: TableChanges): TableChanges => {
    if (table.kind === 'meta') return { ...table, changes: move(table.changes) };
    if (table.kind === 'relations') {
      const { updates, add, remove } = table;
      return { ...table, updates: move(updates), add: move(add), remove: move(remove) };
    }
    if (table.kind === 'counted') return { ...table, rows: move(table.rows) };
    const { updates, inserts, deletes, expects } = table;
    return {
      ...table,
      updates: move(updates),
      inserts: move(inserts),
      deletes: move(deletes),
      expects: move(expects),
    };
  };
  return {
    ...changes,
    items: left.flatMap((at) => changes.items[at] ?? []),
    tables: changes.tables.map(moved),
    files: move(changes.files),
    plugins: move(changes.plugins),
  };
}
