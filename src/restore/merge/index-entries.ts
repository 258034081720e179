/**
 * The index that Yoast SEO keeps of a site's pages, which it shows them by: rows with numbers of their own, each of a post, a term, a user
 * or an archive. Code on both sides writes in it all the time, so most of what differs there was changed by nobody.
 */
import { createHash } from 'node:crypto';
import { cell, type Part, type Table } from './parts.ts';
import type { Value } from './types.ts';

const ENTRIES = 'yoast_indexable';
/** Under which entries an entry is. */
const HIERARCHY = 'yoast_indexable_hierarchy';

export const isIndex = ({ short }: Table): boolean => short === ENTRIES || short === HIERARCHY;

/** Filled anew, an index gives the number of one thing to another. */
const OF_WHAT = ['object_type', 'object_id'];

/**
 * Whether an entry says nothing but what the thing itself says, so that it goes with the thing and is no change of its own. Of terms
 * and archives it says what stands in settings, which go by themselves.
 */
export const isEcho = ({ table, base, live, clone }: Part): boolean => {
  const row = clone[0] ?? live[0] ?? base[0];
  return (
    table.short === HIERARCHY ||
    (table.short === ENTRIES && row !== undefined && cell(table, row, 'object_type') === 'post')
  );
};

/**
 * Whether the entries of both sides do not meet: one is of another thing, one side has none any more, or nobody can compare them because
 * one side has another version of the index. Each side's code fills its own.
 */
export function isApart(part: Part): boolean {
  const { table, base, live, clone } = part;
  if (!isIndex(table)) return false;
  if (table.doubt !== undefined && isEcho(part)) return true;
  const [theirs, ours] = [live[0], clone[0]];
  // A place below another page is there or not, and goes with the page that was moved.
  if (ours === undefined) return table.short === ENTRIES;
  if (theirs === undefined) return base.length > 0;
  return OF_WHAT.some((column) => cell(table, theirs, column) !== cell(table, ours, column));
}

/** The column by which the plugin finds an entry by its address, and which is made of that, in whatever site it is. */
const [ADDRESS, HASH] = ['permalink', 'permalink_hash'];

/** Columns of an entry that are written, when some are. */
export const withHash = ({ short, columns }: Table, written: readonly string[]): readonly string[] =>
  short === ENTRIES && written.includes(ADDRESS) && !written.includes(HASH) && columns.includes(HASH)
    ? [...written, HASH]
    : written;

/** A cell that is made of another one of its row; undefined for all others. `value`: the bytes of the other one. */
export function hashOf({ short }: Table, column: string, value: (column: string) => Value): Value | undefined {
  if (short !== ENTRIES || column !== HASH) return undefined;
  const address = value(ADDRESS);
  return address === null
    ? undefined
    : `${address.length}:${createHash('md5').update(address, 'latin1').digest('hex')}`;
}
