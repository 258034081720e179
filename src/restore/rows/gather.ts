import { askKey, lookupsFor } from '../merge/lookups.ts';
import { shortName } from '../merge/classes.ts';
import type { Row, TableDifferences, Versions } from '../merge/types.ts';
import type { TableFinding } from '../../transfer/survey/database.ts';
import type { CloneChanges } from './clone-changes.ts';
import { changesHere, compareTable, type Comparison, type TableNote } from './differences.ts';
import { pairs } from './live.ts';
import { namesakes } from './namesakes.ts';
import { compareTwoSides } from './two-sided.ts';
import { compared } from './compose.ts';
import { inTheNameOf } from './in-the-name-of.ts';
import { rowOf } from './lines.ts';
import type { People } from './people.ts';

export interface Gathered {
  readonly tables: readonly TableDifferences[];
  readonly notes: readonly TableNote[];
}

type Progress = (tables: number) => void;

/** Compares all tables, and looks up what else the merge has to know. `progress` is told of each table. */
export async function gatherDifferences(work: Comparison, people: People, progress: Progress): Promise<Gathered> {
  if (work.kin === 'other') {
    const { tables, notes } = await compareTwoSides(work, progress);
    return { tables: await completed(tables, people, work), notes };
  }
  const notes: TableNote[] = [];
  const tables: TableDifferences[] = [];
  // The clone is compared while the live site is still being asked.
  const here = new Map<string, CloneChanges | undefined>();
  const tablesHere = work.schema.tables.map((table) => work.extended?.get(table.name) ?? table);
  // The large ones last: by then the time of a change that was committed just before is known.
  for (const table of tablesHere.toSorted((one, other) => one.bytes - other.bytes)) {
    work.signal.throwIfAborted();
    here.set(table.name, await changesHere(table, work));
  }
  const findings = await work.surveyed;
  for (const table of tablesHere) {
    work.signal.throwIfAborted();
    const known = { changes: here.get(table.name), finding: findings.get(table.name) };
    const found = await compareTable(table, known, work, (note) => notes.push(note));
    if (found) tables.push(found);
    progress(tables.length);
  }
  notes.push(...(await newTables(work, findings)));
  return { tables: await completed(tables, people, work), notes };
}

async function completed(
  tables: readonly TableDifferences[],
  people: People,
  work: Comparison,
): Promise<TableDifferences[]> {
  const others = work.kin === 'other' ? namesakes(tables, people) : new Map<string, string>();
  const known = work.kin === 'other' && !people.travel ? tables.map(withoutNumbers) : tables;
  const own = known.map((table) => inTheNameOf(withoutOwn(table, people), { ...people, others }, work.raws));
  return withLookups(own, work);
}

/** Tables that only one side has. */
async function newTables(
  { schema, database }: Comparison,
  findings: ReadonlyMap<string, TableFinding>,
): Promise<TableNote[]> {
  const known = new Set(schema.tables.map(({ name }) => name));
  const here = [...database.tables.keys()].filter((name) => !known.has(name) && !findings.has(name));
  const there = [...findings.values()].filter(({ name, state }) => state === 'new' && !database.tables.has(name));
  return [
    ...(await Promise.all(
      here.map(async (name): Promise<TableNote> => ({ name, state: 'new-in-clone', rows: await database.count(name) })),
    )),
    ...there.map(({ name }): TableNote => ({ name, state: 'new-on-live' })),
  ];
}

/** Who does not travel gets no number there: what is theirs has that of somebody who is there by now, which is not to become another. */
const withoutNumbers = (table: TableDifferences): TableDifferences =>
  shortName(table) === 'users' ? { ...table, doubt: table.doubt ?? 'users are others there' } : table;

/** Our own administrator is no part of the copy. */
function withoutOwn(table: TableDifferences, { own }: People): TableDifferences {
  const column = { users: 'ID', usermeta: 'user_id' }[shortName(table)];
  const at = column === undefined ? -1 : table.columns.indexOf(column);
  if (at === -1 || own === undefined) return table;
  return { ...table, rows: table.rows.filter(({ base, clone }) => base !== undefined || clone?.[at] !== own) };
}

async function withLookups(tables: readonly TableDifferences[], work: Comparison): Promise<TableDifferences[]> {
  const asked = new Set<string>();
  let known = [...tables];
  for (let lookups = lookupsFor(known, asked); lookups.length > 0; lookups = lookupsFor(known, asked)) {
    for (const { short, column, values } of lookups) {
      for (const value of values) asked.add(askKey(short, column, value));
      const table = known.find((each) => shortName(each) === short);
      if (!table?.columns.includes(column)) continue;
      const lines = await work.database.find(table.name, table.columns, column, values);
      const rows = unknownOf(table, lines, work);
      known = known.map((each) => (each === table ? { ...each, rows: [...each.rows, ...rows] } : each));
    }
  }
  return known;
}

/** Rows that are the same in all three versions: those that differ are known already. */
function unknownOf(table: TableDifferences, lines: readonly string[], work: Comparison): Versions[] {
  const places = (table.key ?? []).map((column) => table.columns.indexOf(column));
  const keyOf = (row: Row): string => places.map((at) => row[at]).join('\t');
  const there = new Set(
    table.rows.flatMap(({ base, clone }) => [base, clone].flatMap((row) => (row ? [keyOf(row)] : []))),
  );
  const block = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
  return pairs(block, work.rewriter, { skip: new Set() }).flatMap((line) => {
    const clone = compared(line, work.raws);
    const base = rowOf(line.line);
    return there.has(keyOf(clone)) ? [] : [{ base, live: base, clone }];
  });
}
