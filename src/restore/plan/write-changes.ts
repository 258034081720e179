import { hashOf, withHash } from '../merge/index-entries.ts';
import { isRendering } from '../merge/never.ts';
import { cell, type Part, type Table } from '../merge/parts.ts';
import type { Write } from '../merge/outcome.ts';
import type { Row, Value } from '../merge/types.ts';
import type { Cells, KeyedChanges, MetaChange, RestoreChanges, TableChanges } from '../changes.ts';
import type { RawRows } from '../rows/compose.ts';
import type { WayBack } from './way-back.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type OpenChanges =
  | Open<Extract<TableChanges, { kind: 'keyed' }>>
  | Open<Extract<TableChanges, { kind: 'meta' }>>
  | Open<Extract<TableChanges, { kind: 'relations' }>>
  | Open<Extract<TableChanges, { kind: 'counted' }>>;

/** Gathers the changes of the live site's tables, in its own form. */
export interface ChangeWriter {
  /** Adds what an item comes to; the name of a field that cannot be written as the live site would write it, else undefined. */
  add(write: Write, item: number): string | undefined;
  readonly tables: readonly TableChanges[];
}

/** `rawOf`: the live site's row as it is there, or the clone's as it is in the clone. */
export function createChangeWriter(raws: RawRows, wayBack: WayBack): ChangeWriter {
  const tables = new Map<string, OpenChanges>();
  const rawOf = (row: Row): Row => raws.get(row) ?? row;
  const of = (table: Table): OpenChanges => {
    const known = tables.get(table.name) ?? emptyFor(table);
    tables.set(table.name, known);
    return known;
  };
  return {
    get tables() {
      return [...tables.values()];
    },
    add: (write, item) => {
      const { table } = write.part;
      const trouble: string[] = [];
      /** A cell that the live site is to have; `place`: of the row among those of the part. */
      const valueOf = (wanted: Row, place: number, column: string): Value => {
        const value = cell(table, wanted, column);
        const live = write.part.live[place];
        const there = live === undefined ? null : cell(table, rawOf(live), column);
        if (live !== undefined && value === cell(table, live, column)) return there;
        const own = write.part.clone.find((row) => cell(table, row, column) === value);
        const source = own === undefined ? value : cell(table, rawOf(own), column);
        const back = source === null ? null : wayBack(source, there);
        if (back === undefined) trouble.push(column);
        return back ?? null;
      };
      const draft = draftOf(write, item, { rawOf, valueOf });
      if (trouble.length === 0) merge(of(table), draft);
      return trouble[0];
    },
  };
}

function emptyFor(table: Table): OpenChanges {
  const common = { table: table.name };
  const [owner = '', name = ''] = table.class.identity;
  const key = [...(table.key ?? [])];
  const { kind } = table.class;
  if (kind === 'meta')
    return { kind, ...common, id: table.counter ?? '', owner, name, value: 'meta_value', changes: [] };
  if (kind === 'relation') return { kind: 'relations', ...common, key, updates: [], add: [], remove: [] };
  if (kind === 'unkeyed') return { kind: 'counted', ...common, rows: [] };
  return { kind: 'keyed', ...common, key, updates: [], inserts: [], deletes: [], expects: [] };
}

interface Values {
  readonly rawOf: (row: Row) => Row;
  readonly valueOf: (wanted: Row, place: number, column: string) => Value;
}

function draftOf({ part, rows }: Write, item: number, values: Values): OpenChanges {
  const { table } = part;
  const draft = emptyFor(table);
  if (draft.kind === 'meta') draft.changes.push(metaChange(part, rows, item, values));
  else if (draft.kind === 'counted') {
    const row = part.live[0] ?? rows[0];
    const there = part.live[0] !== undefined;
    if (row)
      draft.rows.push({
        item,
        row: there ? cells(table, values.rawOf(row)) : written(table, row, 0, table.columns, values),
        before: part.live.length,
        after: rows.length,
      });
  } else if (draft.kind === 'relations') {
    const [live, wanted] = [part.live[0], rows[0]];
    if (wanted && !live) draft.add.push({ item, row: written(table, wanted, 0, table.columns, values) });
    else if (live && !wanted) draft.remove.push({ item, row: cells(table, values.rawOf(live)) });
    else if (live && wanted) update(draft, table, { live, wanted }, item, values);
  } else single(draft, part, rows[0], item, values);
  return draft;
}

function single(
  draft: Extract<OpenChanges, { kind: 'keyed' }>,
  { table, live: [live] }: Part,
  wanted: Row | undefined,
  item: number,
  values: Values,
): void {
  if (live === undefined) {
    const carried = table.columns.filter((column) => !table.class.carriers.includes(column));
    if (wanted) draft.inserts.push({ item, row: written(table, wanted, 0, carried, values) });
    return;
  }
  if (wanted === undefined) draft.deletes.push({ item, row: cells(table, values.rawOf(live)) });
  else update(draft, table, { live, wanted }, item, values);
}

function update(
  draft: Extract<OpenChanges, { kind: 'keyed' | 'relations' }>,
  table: Table,
  { live, wanted }: { readonly live: Row; readonly wanted: Row },
  item: number,
  values: Values,
): void {
  const carried = table.columns.filter((column) => !table.class.carriers.includes(column));
  const changed = withHash(
    table,
    carried.filter((column) => cell(table, wanted, column) !== cell(table, live, column)),
  );
  if (changed.length === 0) return;
  const [raw, after] = [values.rawOf(live), written(table, wanted, 0, changed, values)];
  draft.updates.push({ item, key: cells(table, raw, draft.key), before: cells(table, raw, changed), after });
}

function metaChange(part: Part, rows: readonly Row[], item: number, { rawOf, valueOf }: Values): MetaChange {
  const { table, live } = part;
  const [owner = '', name = ''] = table.class.identity;
  const row = rows[0] ?? live[0];
  return {
    item,
    owner: row ? cell(table, row, owner) : null,
    name: row ? cell(table, row, name) : null,
    before: live.map((each) => ({
      id: cell(table, rawOf(each), table.counter ?? ''),
      value: cell(table, rawOf(each), 'meta_value'),
    })),
    after: rows.map((each, place) => valueOf(each, place, 'meta_value')),
  };
}

const cells = (table: Table, row: Row, columns: readonly string[] = table.columns): Cells =>
  Object.fromEntries(columns.map((column) => [column, cell(table, row, column)]));

function written(table: Table, row: Row, place: number, columns: readonly string[], { valueOf }: Values): Cells {
  const valueIn = (column: string): Value => valueOf(row, place, column);
  return Object.fromEntries(columns.map((column) => [column, hashOf(table, column, valueIn) ?? valueIn(column)]));
}

function merge(into: OpenChanges, more: OpenChanges): void {
  if (into.kind === 'meta' && more.kind === 'meta') into.changes.push(...more.changes);
  else if (into.kind === 'counted' && more.kind === 'counted') into.rows.push(...more.rows);
  else if (into.kind === 'relations' && more.kind === 'relations') {
    into.updates.push(...more.updates);
    into.add.push(...more.add);
    into.remove.push(...more.remove);
  } else if (into.kind === 'keyed' && more.kind === 'keyed') {
    into.updates.push(...more.updates);
    into.inserts.push(...more.inserts);
    into.deletes.push(...more.deletes);
  }
}

/** What WordPress counts itself. `writes`: what the tables were made of; a change of a comment does not say of which post it is. */
export function recountsFor(
  tables: readonly TableChanges[],
  writes: readonly Write[],
  prefix: string,
): RestoreChanges['recounts'] {
  const numbers = (name: string, column: string): number[] =>
    tables.flatMap((table) =>
      (table.table === prefix + name ? rowsIn(table) : []).flatMap((row) => {
        const value = row[column];
        return value == null ? [] : [Number(value)];
      }),
    );
  const posts = tables.find(({ table }) => table === `${prefix}posts`);
  return {
    terms: [...new Set(numbers('term_relationships', 'term_taxonomy_id'))],
    comments: [...new Set(writes.flatMap(commentedPost))],
    statuses: posts?.kind === 'keyed' ? postsOfStatus(posts) : [],
    rendered: renderedPosts(tables, prefix),
    rewriteRules:
      tables.some(({ table }) => table === `${prefix}terms`) ||
      writes.some(isOfAddresses) ||
      (posts?.kind === 'keyed' &&
        (posts.inserts.length > 0 ||
          posts.deletes.length > 0 ||
          posts.updates.some(({ after }) => 'post_name' in after || 'post_parent' in after))),
  };
}

/**
 * Posts that are there and of which a row or meta data is written. Where what was rendered of one is written itself, because somebody asked
 * for it, it stays: undoing looks for it.
 */
function renderedPosts(tables: readonly TableChanges[], prefix: string): number[] {
  const meta = tables.flatMap((table) =>
    table.kind === 'meta' && table.table === `${prefix}postmeta` ? table.changes : [],
  );
  const posts = tables.flatMap((table) =>
    table.kind === 'keyed' && table.table === `${prefix}posts` ? table.updates : [],
  );
  const own = new Set(meta.filter(({ name }) => isRendering(name ?? '')).map(({ owner }) => owner));
  const owners = [...posts.map(({ key }) => key['ID'] ?? null), ...meta.map(({ owner }) => owner)];
  return [...new Set(owners)].flatMap((id) => (id === null || own.has(id) ? [] : [Number(id)]));
}

/** Terms of new ones are counted with their relations. */
const postsOfStatus = ({ updates, inserts }: KeyedChanges): number[] => [
  ...updates.flatMap(({ key, after }) =>
    'post_status' in after || 'post_date_gmt' in after ? [Number(key['ID'])] : [],
  ),
  ...inserts.flatMap(({ row }) => (row['post_status'] === 'future' ? [Number(row['ID'])] : [])),
];

/** Settings that addresses are made of: WordPress makes its rules anew where they are saved, which nobody does on the live site. */
const ADDRESSES = /permalink|rewrite|(^|_)(base|slug)$|^cptui_/;
const isOfAddresses = ({ part: { table, live }, rows }: Write): boolean =>
  table.short === 'options' && [...rows, ...live].some((row) => ADDRESSES.test(cell(table, row, 'option_name') ?? ''));

function commentedPost({ part: { table, live }, rows }: Write): number[] {
  const row = rows[0] ?? live[0];
  return table.short === 'comments' && row ? [Number(cell(table, row, 'comment_post_ID'))] : [];
}

function rowsIn(table: TableChanges): Cells[] {
  if (table.kind === 'relations') return [...table.add, ...table.remove].map(({ row }) => row);
  return table.kind === 'keyed' ? [...table.inserts, ...table.deletes].map(({ row }) => row) : [];
}
