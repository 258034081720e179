/**
 * Changes as the site takes them: rows of batches, each batch one statement. Pure: the same changes give the same rows, so that a
 * stage that was cut off goes on with the very same parts.
 */
import type { AdditionShape, BatchShape, RestoreShape, TableShape } from '../../site/write/client.ts';
import type {
  NewColumn,
  Cell,
  Cells,
  CountedChanges,
  KeyedChanges,
  MetaChange,
  MetaChanges,
  RelationChanges,
  RestoreChanges,
  RowUpdate,
  TableAddition,
  TableChanges,
} from '../changes.ts';

/** One row of a batch: `before` and `after` are its cells in the order of the batch's columns; `from` and `to` are numbers of rows. */
export interface StagedRow {
  readonly batch: number;
  readonly item: number;
  readonly from: number;
  readonly to: number;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

interface Row extends Omit<StagedRow, 'batch'> {
  readonly what: BatchShape['what'];
  readonly columns: readonly string[];
}

export interface Staged {
  readonly shape: RestoreShape;
  /** Batch by batch, tables in the order of their names. */
  readonly rows: readonly StagedRow[];
}

/** Takes changes apart into batches. */
export function stagedRows(changes: RestoreChanges): Staged {
  const tables: TableShape[] = [];
  const rows: StagedRow[] = [];
  let first = 0;
  for (const table of changes.tables.toSorted((one, other) => (one.table < other.table ? -1 : 1))) {
    const batches = new Map<string, { readonly shape: BatchShape; readonly rows: Row[] }>();
    for (const row of rowsOf(table)) {
      const name = JSON.stringify([row.what, row.columns]);
      const batch = batches.get(name) ?? { shape: { what: row.what, columns: row.columns }, rows: [] };
      batch.rows.push(row);
      batches.set(name, batch);
    }
    const list = [...batches.values()];
    list.forEach(({ rows: of }, at) => {
      for (const { item, from, to, before, after } of of)
        rows.push({ batch: first + at, item, from, to, before, after });
    });
    tables.push({ ...headOf(table), batches: list.map(({ shape }) => shape) });
    first += list.length;
  }
  const files = { count: changes.files.length, bytes: changes.files.reduce((sum, { size }) => sum + size, 0) };
  const { plugins, recounts, schema = [] } = changes;
  return { shape: { schema: schema.map(wireAddition), tables, files, plugins, recounts }, rows };
}

/** Values of defaults are bytes on their way, as all values. */
const wireAddition = ({ columns, wider = [], settings = [], ...addition }: TableAddition): AdditionShape => ({
  ...addition,
  settings: settings.map(({ name, before }) => ({
    name,
    before: before === null ? null : Buffer.from(before, 'latin1').toString('base64'),
  })),
  columns: columns.map(wireColumn),
  wider: wider.map(wireColumn),
});

const wireColumn = ({ value, ...column }: NewColumn): object => ({
  ...column,
  ...(value !== undefined && { value: Buffer.from(value, 'utf8').toString('base64') }),
});

function headOf(table: TableChanges): Omit<TableShape, 'batches'> {
  const { kind, table: name } = table;
  if (table.kind === 'counted') return { name, kind, key: [] };
  if (table.kind === 'meta') return { name, kind, key: [table.id], owner: [table.owner, table.name] };
  return { name, kind, key: table.key };
}

function rowsOf(table: TableChanges): Row[] {
  if (table.kind === 'keyed') return keyedRows(table);
  if (table.kind === 'meta') return table.changes.flatMap((change) => metaRows(table, change));
  return table.kind === 'relations' ? relationRows(table) : countedRows(table);
}

function keyedRows({ key, updates, inserts, deletes, expects }: KeyedChanges): Row[] {
  return [
    ...updates.map((each) => updated(key, each)),
    ...inserts.map(({ item, row }): Row => created('create', item, row)),
    ...deletes.map(({ item, row }): Row => destroyed('destroy', item, row)),
    ...expects.map(({ item, key: at, cells }): Row => {
      const columns = Object.keys(cells).toSorted();
      const was = [...pick(at, key), ...pick(cells, columns)];
      return { what: 'expect', columns, item, from: 0, to: 0, before: was, after: [] };
    }),
  ];
}

/**
 * The values of one name keep the rows that they are in: the first is written over the first, and so on. One that stays is written too,
 * because it is part of what is relied on.
 */
function metaRows({ id, owner, name, value }: MetaChanges, change: MetaChange): Row[] {
  const { item, before, after } = change;
  const numbers = { item, from: 0, to: 0 };
  const rows: Row[] = [
    {
      what: 'owned',
      columns: [owner, name],
      item,
      from: before.length,
      to: after.length,
      before: [change.owner, change.name],
      after: [],
    },
  ];
  before.forEach((old, at) => {
    const wanted = after[at];
    if (wanted === undefined) {
      const cells = { [id]: old.id, [owner]: change.owner, [name]: change.name, [value]: old.value };
      rows.push(destroyed('destroy', item, cells));
    } else rows.push({ ...numbers, what: 'update', columns: [value], before: [old.id, old.value], after: [wanted] });
  });
  for (const wanted of after.slice(before.length))
    rows.push(created('create', item, { [owner]: change.owner, [name]: change.name, [value]: wanted }));
  return rows;
}

const relationRows = ({ key, updates, add, remove }: RelationChanges): Row[] => [
  ...updates.map((each) => updated(key, each)),
  ...add.map(({ item, row }) => created('add', item, row)),
  ...remove.map(({ item, row }) => destroyed('remove', item, row)),
];

const countedRows = ({ rows }: CountedChanges): Row[] =>
  rows.map(({ item, row, before, after }) => ({ ...destroyed('count', item, row), from: before, to: after }));

function updated(key: readonly string[], { item, key: at, before, after }: RowUpdate): Row {
  const columns = Object.keys(after).toSorted();
  const was = [...pick(at, key), ...pick(before, columns)];
  return { what: 'update', columns, item, from: 0, to: 0, before: was, after: pick(after, columns) };
}

function created(what: Row['what'], item: number, row: Cells): Row {
  const columns = Object.keys(row).toSorted();
  return { what, columns, item, from: 0, to: 0, before: [], after: pick(row, columns) };
}

function destroyed(what: Row['what'], item: number, row: Cells): Row {
  const columns = Object.keys(row).toSorted();
  return { what, columns, item, from: 0, to: 0, before: pick(row, columns), after: [] };
}

const pick = (cells: Cells, columns: readonly string[]): Cell[] => columns.map((column) => cells[column] ?? null);
