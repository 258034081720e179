import type { SiteClient, TableRead } from '../../site/client-types.ts';
import type { OriginRange } from '../origin/schema.ts';
import { compareRanges } from '../survey/database.ts';
import { isLater, type Key } from './keys.ts';
import type { Earlier, EarlierTable } from './open.ts';

/** How much nobody has said yet. */
export const UNKNOWN = Number.POSITIVE_INFINITY;

/** Rows of a table between two keys, and what the source has said of them. Those of a table follow each other without a gap. */
export interface Stretch {
  /** How to ask the source for the whole table. */
  readonly read: TableRead;
  /** The key before the first row; null at the table's start. */
  readonly after: Key | null;
  /** The last key; null where the table ends. */
  readonly last: Key | null;
  /** What the earlier clone has of it; undefined when the source is the only one. */
  readonly held: Held | undefined;
  /** The source has the very rows that are held. */
  readonly isSame: boolean;
  /** About so many the source has there, as it said a moment ago. */
  readonly bytes: number;
  /** The table is at its end after it. */
  readonly ends: boolean;
}

/** Rows of an earlier clone: of a range those from one byte to another, counted in what the source sent. */
export interface Held {
  readonly table: EarlierTable;
  readonly range: OriginRange;
  readonly from: number;
  readonly to: number;
  /** How many rows of the range stand before them, and how many they are. */
  readonly first: number;
  readonly rows: number;
}

/** A stretch that only the source has. */
const only = (read: TableRead, after: Key | null, bytes: number): Stretch => ({
  read,
  after,
  last: null,
  held: undefined,
  isSame: false,
  bytes,
  ends: true,
});

/**
 * Asks the source which ranges are as they were, and says of each table, from its start to its end, what is between which keys. First
 * come those that cannot be compared, so that they are fetched while the others are. A source that cannot compare, or no longer, is no
 * failure: what it did not say is unknown. Throws when the signal aborts.
 */
export async function* compare(
  reads: readonly TableRead[],
  earlier: Earlier,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): AsyncGenerator<readonly Stretch[]> {
  const isComparable = (read: TableRead): boolean => isKnown(read, earlier.get(read.name));
  const unknown = (read: TableRead): Stretch => only(read, null, UNKNOWN);
  yield reads.filter((read) => !isComparable(read)).map(unknown);
  let left = reads.filter(isComparable);
  for (;;) {
    const heard = yield* compareFrom(left, earlier, client, signal);
    const [next, ...others] = left.slice(heard.whole);
    if (next === undefined) return;
    // It may be this table: the others are asked for as long as there is an answer at all.
    left = heard.any ? others : [];
    yield [only(next, heard.after, UNKNOWN), ...(heard.any ? [] : others.map(unknown))];
  }
}

/** How far the source has spoken. */
interface Heard {
  /** It has answered at all. */
  any: boolean;
  /** Of so many tables all is said. */
  whole: number;
  /** Where what was said of the next one ends. */
  after: Key | null;
}

async function* compareFrom(
  reads: readonly TableRead[],
  earlier: Earlier,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): AsyncGenerator<readonly Stretch[], Heard> {
  const heard: Heard = { any: false, whole: 0, after: null };
  if (reads.length === 0) return heard;
  const ranges = new Map(reads.map(({ name }) => [name, earlier.get(name)?.ranges ?? []]));
  let bytes = 0;
  /** The rest of the table is unknown, whatever is still said of it. */
  let isLost = false;
  try {
    for await (const { answer, range, unchanged } of compareRanges(reads, ranges, client, signal)) {
      heard.any = true;
      const [read, table] = [reads[heard.whole], earlier.get(answer.table)];
      if (read?.name !== answer.table || table === undefined) return heard;
      bytes += answer.bytes;
      const isReached = range !== undefined && answer.sha256 !== null;
      if (isReached && !isLost) {
        // A damaged list could have the ends of its ranges in another order, and rows would come twice.
        isLost = answer.rows === 0 && !isLater(table, range.last, heard.after);
        if (!isLost) {
          yield [ofRange(read, table, range, { after: heard.after, isSame: unchanged && answer.rows > 0, bytes })];
          heard.after = range.last;
        }
        bytes = 0;
      }
      if (!answer.end) continue;
      yield [only(read, heard.after, isLost ? UNKNOWN : bytes)];
      Object.assign(heard, { whole: heard.whole + 1, after: null });
      [bytes, isLost] = [0, false];
    }
  } catch {
    signal.throwIfAborted();
  }
  return heard;
}

function ofRange(
  read: TableRead,
  table: EarlierTable,
  range: OriginRange,
  { after, isSame, bytes }: Pick<Stretch, 'after' | 'isSame' | 'bytes'>,
): Stretch {
  const held = table.isHeld(range) ? { table, range, from: 0, to: range.bytes, first: 0, rows: range.rows } : undefined;
  return { read, after, last: range.last, held, isSame: isSame && held !== undefined, bytes, ends: false };
}

/**
 * Rows can only be compared that consist of the same columns, in the same order. Where no range is held, such as that of a large table
 * without a key, the source would only read everything once more.
 */
const isKnown = ({ columns, key, after }: TableRead, table: EarlierTable | undefined): boolean =>
  table !== undefined &&
  after === undefined &&
  equal(columns, table.columns) &&
  equal(key, table.key) &&
  (table.ranges.length === 0 || table.ranges.some((range) => table.isHeld(range)));

const equal = (one: Key | null, other: Key | null): boolean => JSON.stringify(one) === JSON.stringify(other);
