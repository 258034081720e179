/**
 * What the merge hands to the apply: exactly the changes of rows and files of the live site that are wanted, with what they rely on. Nothing in
 * it has to be decided any more, and the apply adds nothing to it.
 *
 * Words:
 * - **cell**: one value in the bytes in which the migrator's `rows` sends it, unescaped, as a latin1 string (one character, one byte):
 *   text as it is stored, numbers and times in digits and in UTC, `BIT` as its bytes, `FLOAT` with all its digits. `null` is NULL. Always
 *   in the form of the *live* site: what comes from a clone was brought back to its own spelling of addresses before it came here.
 * - **before**: what the live site held when the plan was made. It is the guard: the apply writes a row only while the cells that it
 *   replaces, compared byte by byte, are still these; one that is not is **drift**, and nothing at all is applied.
 * - **after**: what the cell shall be. It is the guard of `undo`, which writes only over what the restore itself wrote.
 * - **item**: what a person sees as one thing (a post with its meta data, terms and pictures; a user; a menu; a setting). Each change
 *   belongs to one; items are applied, undone and told of whole.
 * - **key**: the columns that tell one row of a table from another, as `info` gives them. A key is never changed: that is another row.
 *
 * Columns are named as `info` names them; generated ones are never among them. A column that an insert does not name gets its default;
 * one that counts (AUTO_INCREMENT) and is not named gets the live site's next number.
 */

import type { ProtectedClass } from './merge/site-protects.ts';

/** Bytes of one value, as a latin1 string; null is NULL. */
export type Cell = string | null;

/** Cells by column. */
export type Cells = Readonly<Record<string, Cell>>;

/** What a person sees as one thing. */
export interface Item {
  /** `kind:name`, unique in the restore, as `--only` takes it: `post:12`, `option:blogname`, `table:my_log`. */
  readonly id: string;
  /** For people: `Page "About us"`. From a site, so whoever prints it escapes it. */
  readonly title: string;
}

/** Each change names its item by its place in `RestoreChanges.items`. */
interface Change {
  readonly item: number;
}

/** Cells of one row that become others. `before` and `after` name the same columns, none of them of the key. */
export interface RowUpdate extends Change {
  readonly key: Cells;
  readonly before: Cells;
  readonly after: Cells;
}

/** A row that is new. Where its key is there already, or another unique key, that is drift. */
export interface RowInsert extends Change {
  readonly row: Cells;
}

/** A row that goes. `row` is all of it (but generated columns): it is deleted only while it is still that. */
export interface RowDelete extends Change {
  readonly row: Cells;
}

/** A row that is not changed but relied on: these cells still have to be these. Without `cells` it only has to be there. */
export interface RowExpectation extends Change {
  readonly key: Cells;
  readonly cells: Cells;
}

/** A table whose rows have a key. */
export interface KeyedChanges {
  readonly kind: 'keyed';
  readonly table: string;
  readonly key: readonly string[];
  readonly updates: readonly RowUpdate[];
  readonly inserts: readonly RowInsert[];
  readonly deletes: readonly RowDelete[];
  readonly expects: readonly RowExpectation[];
}

/** All values of one name of one owner. The rows' own IDs are only carriers: an ID that is new is the live site's to give. */
export interface MetaChange extends Change {
  readonly owner: Cell;
  readonly name: Cell;
  /** What is there, in order of ID; empty: the owner has none of this name. Another value, one more or one less is drift. */
  readonly before: readonly { readonly id: Cell; readonly value: Cell }[];
  /** What shall be there, in order; empty: none. */
  readonly after: readonly Cell[];
}

/** A table of meta data: each row has an owner, a name and a value. */
export interface MetaChanges {
  readonly kind: 'meta';
  readonly table: string;
  /** Its columns: `meta_id` (or `umeta_id`), `post_id`, `meta_key`, `meta_value`. */
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly value: string;
  readonly changes: readonly MetaChange[];
}

export interface Relation extends Change {
  /** All its columns, the key's among them. */
  readonly row: Cells;
}

/**
 * A table that is a set of relations: what is to be there, and is there already, is as good as added, and the other way round: never drift.
 * Only the place of one among others is a cell like any other.
 */
export interface RelationChanges {
  readonly kind: 'relations';
  readonly table: string;
  readonly key: readonly string[];
  readonly updates: readonly RowUpdate[];
  readonly add: readonly Relation[];
  readonly remove: readonly Relation[];
}

/** How often one and the same row is there. */
export interface RowCount extends Change {
  readonly row: Cells;
  readonly before: number;
  readonly after: number;
}

/** A table without a key: a multiset of whole rows. */
export interface CountedChanges {
  readonly kind: 'counted';
  readonly table: string;
  readonly rows: readonly RowCount[];
}

/**
 * A file of the uploads, or of code. `before` is what the live site has and `after` what it shall have, as SHA-256 in hex; null: no file.
 * Where the live site has something else, that is drift. One that has both alike is not written but relied on.
 */
export interface FileChange extends Change {
  /** Below the folder of the uploads; of code as `codePath` has it. */
  readonly path: string;
  /** Where the clone has it, below its document root. */
  readonly place: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Bytes that it shall have; 0 when it goes. */
  readonly size: number;
  /** What is written where it is not what the clone holds, because addresses were brought back. */
  readonly content?: Buffer;
}

/** A plugin that is switched on or off: the list of active ones belongs to both sides, and is no row. */
export interface PluginChange extends Change {
  /** Below the folder of plugins: `forms/forms.php`. */
  readonly file: string;
  readonly active: boolean;
}

/** A column as a live site is asked to make it. */
export interface NewColumn {
  readonly name: string;
  readonly type: string;
  /** Null: the table's own. A name without `_` is that of a character set. */
  readonly collation: string | null;
  readonly nullable: boolean;
  readonly fallback: 'none' | 'null' | 'now' | 'value';
  readonly value?: string;
  readonly stamped: boolean;
  readonly counts: boolean;
}

/** A key, by its columns and how much of them it holds. */
export interface NewKey {
  readonly kind: 'primary' | 'unique' | 'plain' | 'fulltext' | 'spatial';
  readonly name: string;
  readonly parts: readonly { readonly column: string; readonly length: number | null }[];
}

/**
 * What a table gets before any row is written, and what no transaction takes back: a table that the live site does not have, or columns
 * and keys of one that it has, or room in its columns. Only what the code that is there can live with.
 */
export interface TableAddition extends Change {
  readonly table: string;
  readonly kind: 'make' | 'extend';
  readonly columns: readonly NewColumn[];
  readonly keys: readonly NewKey[];
  /** Columns that it has, as they shall be: able to hold all that they hold, and more. Collation null: as it is. */
  readonly wider?: readonly NewColumn[];
  /** By what new columns are collated that do not say so; null: as it is. */
  readonly collated?: string | null;
  /**
   * Settings by which code that upgrades the table itself knows that it is done, with what they hold until then: they hold that again when
   * the addition is taken back.
   */
  readonly settings?: readonly { readonly name: string; readonly before: Cell }[];
  /** Of a table that is made; the collation as that of columns, null: that of the site's own tables. */
  readonly engine?: string;
  readonly collation?: string | null;
}

export type TableChanges = KeyedChanges | MetaChanges | RelationChanges | CountedChanges;

/** What WordPress counts itself, and has to count anew once the rows are there. */
export interface Recounts {
  /** term_taxonomy_id of terms whose `count` depends on what changes. */
  readonly terms: readonly number[];
  /** Posts whose `comment_count` does. */
  readonly comments: readonly number[];
  /** Posts whose status or date changes: their terms' `count` does too, and those that wait for their time are put down for it. */
  readonly statuses: readonly number[];
  /** Posts of which the site may have kept what it had rendered of them before: that is made anew with their next visitor. */
  readonly rendered: readonly number[];
  /** The addresses of posts, terms or their rules change: rewrite rules are made anew. */
  readonly rewriteRules: boolean;
}

/** The whole of what is to be written. */
export interface RestoreChanges {
  /** Every one of them is named by a change. */
  readonly items: readonly Item[];
  /** Each table of the live site once, as `info` spells it. */
  readonly tables: readonly TableChanges[];
  readonly schema?: readonly TableAddition[];
  readonly files: readonly FileChange[];
  readonly plugins: readonly PluginChange[];
  readonly recounts: Recounts;
  /** What of the protected classes the person asked for by name. */
  readonly include: readonly ProtectedClass[];
}

/** How many rows of the live site the changes of each item write, by its place; those of which no row is written are missing. */
export function countRowsByItem({ tables }: Pick<RestoreChanges, 'tables'>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const table of tables)
    for (const [item, rows] of writtenBy(table)) counts.set(item, (counts.get(item) ?? 0) + rows);
  return counts;
}

function writtenBy(table: TableChanges): (readonly [item: number, rows: number])[] {
  const one = ({ item }: Change) => [item, 1] as const;
  if (table.kind === 'keyed') return [table.updates.map(one), table.inserts.map(one), table.deletes.map(one)].flat();
  if (table.kind === 'relations') return [table.updates.map(one), table.add.map(one), table.remove.map(one)].flat();
  if (table.kind === 'counted')
    return table.rows.map(({ item, before, after }) => [item, Math.abs(after - before)] as const);
  return table.changes.map(({ item, before, after }) => [item, Math.max(before.length, after.length)] as const);
}
