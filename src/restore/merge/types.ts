/**
 * What is merged: three versions of rows (as the clone was made, as the live site is, as the clone is), all in the clone's spelling of
 * addresses, so that what differs was changed by somebody. Pure data: nothing here knows where rows come from.
 */

/** Stored bytes, one character each (latin1); null is NULL. */
export type Value = string | null;

/** By the table's columns. */
export type Row = readonly Value[];

/** One row in the three versions; absent where there is no such row. */
export interface Versions {
  readonly base?: Row | undefined;
  readonly live?: Row | undefined;
  readonly clone?: Row | undefined;
}

/** A table and those of its rows that are not the same in all three versions. */
export interface TableDifferences {
  readonly name: string;
  readonly prefix: string;
  readonly columns: readonly string[];
  /** Null: rows are told apart by nothing but all of their values. */
  readonly key: readonly string[] | null;
  /** The column that counts up. */
  readonly counter: string | null;
  /** Columns of which no two rows may have the same besides, as the live site's database sees to it. */
  readonly unique?: readonly (readonly string[])[] | undefined;
  /** The largest ID that both sides have in common; null when the clone does not remember it. */
  readonly common: bigint | null;
  /**
   * Rows that differ. Of tables in which several rows make one thing (meta data), also the others of each thing: those are the same in
   * all three versions.
   */
  readonly rows: readonly Versions[];
  /** Nobody remembers a version before: what both sides have alike is the base, and what differs may be anybody's change. */
  readonly twoSided?: true | undefined;
  /** Why a change of the clone cannot be told from what others did; then each of its changes is a conflict. */
  readonly doubt?: string | undefined;
  /** All of its rows are one thing: the table itself. */
  readonly whole?: boolean;
}

/** What people see as one thing: a post with its meta data and terms, a user, a menu with its items, a setting. */
export interface ItemId {
  /** `page`, `option`, `term`, `menu`, `user`, `comment`, `order`, or `row` of a table that is not WordPress's own. */
  readonly kind: string;
  /** Its number, name, or table and key. */
  readonly id: string;
}

export const keyOfItem = ({ kind, id }: ItemId): string => `${kind}:${id}`;
