import { directoryOf, NUMBERED } from '../merge/directory.ts';
import { protectedPost } from '../merge/never.ts';
import type { ItemOutcome, Write } from '../merge/outcome.ts';
import { cell, tableOf } from '../merge/parts.ts';
import { referencesOf } from '../merge/references.ts';
import type { TableDifferences } from '../merge/types.ts';
import type { KeyedChanges, RowExpectation, TableChanges } from '../changes.ts';

/** Tables whose rows are relied on. Users and orders are never part of a restore that did not ask for them. */
const RELIED = ['posts', 'terms', 'term_taxonomy', 'comments'];

/**
 * Adds what the live site has and the changes come to refer to: a page under which one is new, a post that gets meta data, the term of a
 * relation. It still has to be there when they are written. `wanted`: what goes, by the numbers of items.
 */
export function withExpectations(
  changes: readonly TableChanges[],
  wanted: readonly ItemOutcome[],
  tables: readonly TableDifferences[],
  include: ReadonlySet<string>,
): TableChanges[] {
  const directory = directoryOf(tables);
  const known = new Map(tables.map((table) => [tableOf(table).short, tableOf(table)]));
  const onLive = numbersOnLive(tables);
  const found = new Map<string, Map<string, RowExpectation>>();
  for (const [item, { writes }] of wanted.entries())
    for (const { short, id } of writes.flatMap((write) => newReferences(write, directory))) {
      const table = known.get(short);
      const column = NUMBERED[short];
      if (column === undefined || table?.key?.join() !== column || !onLive.has(`${short}:${id}`)) continue;
      const type = short === 'posts' ? directory.value('posts', id, 'post_type') : undefined;
      const protection = type === undefined ? undefined : protectedPost(type, 'publish');
      if (protection !== undefined && !include.has(protection)) continue;
      const expectation = { item, key: { [column]: id }, cells: {} };
      found.set(table.name, (found.get(table.name) ?? new Map()).set(`${item} ${id}`, expectation));
    }
  return [...changes.map((each) => expecting(each, found)), ...more(changes, found)];
}

/** What rows refer to that they did not refer to before. */
function newReferences({ part, rows }: Write, directory: ReturnType<typeof directoryOf>) {
  if (!RELIED.includes(part.table.short) && !/meta$|^term_relationships$|^options$/.test(part.table.short)) return [];
  const of = (each: Write['rows']) => each.flatMap((row) => referencesOf(part.table, row, directory));
  const before = new Set(of(part.live).map(({ short, id }) => `${short}:${id}`));
  return of(rows).filter(({ short, id }) => RELIED.includes(short) && !before.has(`${short}:${id}`));
}

function numbersOnLive(tables: readonly TableDifferences[]): Set<string> {
  const found = new Set<string>();
  for (const differences of tables) {
    const table = tableOf(differences);
    const column = NUMBERED[table.short];
    if (column === undefined) continue;
    for (const { live } of differences.rows) if (live) found.add(`${table.short}:${cell(table, live, column)}`);
  }
  return found;
}

type Found = ReadonlyMap<string, ReadonlyMap<string, RowExpectation>>;

function expecting(table: TableChanges, found: Found): TableChanges {
  const expects = found.get(table.table);
  return table.kind === 'keyed' && expects ? { ...table, expects: [...table.expects, ...expects.values()] } : table;
}

/** Tables in which nothing else is changed. */
const more = (changes: readonly TableChanges[], found: Found): KeyedChanges[] =>
  [...found]
    .filter(([name]) => !changes.some(({ table }) => table === name))
    .map(([table, expects]) => {
      const all = [...expects.values()];
      return {
        kind: 'keyed',
        table,
        key: Object.keys(all[0]?.key ?? {}),
        updates: [],
        inserts: [],
        deletes: [],
        expects: all,
      };
    });

/** Whether anything is written to a table. */
export const isWritten = (table: TableChanges): boolean =>
  table.kind !== 'keyed' || table.updates.length + table.inserts.length + table.deletes.length > 0;
