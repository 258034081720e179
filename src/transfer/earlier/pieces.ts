import type { SiteClient, TableRead } from '../../site/client-types.ts';
import type { OriginRange } from '../origin/schema.ts';
import { compareRanges } from '../survey/database.ts';
import type { Earlier, EarlierTable } from './open.ts';

/** What tables are put together from, in the order of their rows. */
export type Piece = KeptPiece | FetchedPiece | { readonly kind: 'end'; readonly table: string };

/** A range that the source says is still as it was. */
export interface KeptPiece {
  readonly kind: 'kept';
  readonly table: EarlierTable;
  readonly range: OriginRange;
  /** How to ask the source for it. */
  readonly read: TableRead;
}

/** Rows that come from the source. */
export interface FetchedPiece {
  readonly kind: 'fetched';
  readonly read: TableRead;
  /** About so many: as the source said a moment ago. */
  readonly bytes: number;
}

/** A last range below this is read anew with what was added after it: else each clone would leave another small one. */
const SMALL_BYTES = 256 * 1024;
/** Bytes and rows that beyond the last known range was found of a table. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Asks the source which ranges are as they were. When it cannot say so, all rows come from it. */
export async function planPieces(
  reads: readonly TableRead[],
  earlier: Earlier,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): Promise<readonly Piece[]> {
  const known = reads.filter((read) => isKnown(read, earlier.get(read.name)));
  const found = await compare(known, earlier, client, signal).catch(() => {
    signal.throwIfAborted();
    return new Map<string, Comparison>();
  });
  return reads.flatMap((read): Piece[] => {
    const table = earlier.get(read.name);
    const comparison = found.get(read.name);
    const pieces = table && comparison ? piecesOf(read, table, comparison) : [fetched(read, UNKNOWN)];
    return [...pieces, { kind: 'end', table: read.name }];
  });
}

/** Rows can only be compared that consist of the same columns, in the same order. */
const isKnown = ({ columns, key, after }: TableRead, table: EarlierTable | undefined): boolean =>
  table !== undefined && after === undefined && equal(columns, table.columns) && equal(key, table.key);

const equal = (one: readonly string[] | null, other: readonly string[] | null): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** What the source said of a table. */
interface Comparison {
  readonly same: Set<OriginRange>;
  /** Bytes of the ranges that are others by now. */
  readonly bytes: Map<OriginRange, number>;
  /** Those in which there is no row any more. */
  readonly empty: Set<OriginRange>;
  /** Bytes after the last range. */
  added: number;
}

async function compare(
  reads: readonly TableRead[],
  earlier: Earlier,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): Promise<Map<string, Comparison>> {
  const found = new Map<string, Comparison>();
  if (reads.length === 0) return found;
  const ranges = new Map(reads.map(({ name }) => [name, earlier.get(name)?.ranges ?? []]));
  for await (const { answer, range, unchanged } of compareRanges(reads, ranges, client, signal)) {
    const table = found.get(answer.table) ?? { same: new Set(), bytes: new Map(), empty: new Set(), added: 0 };
    found.set(answer.table, table);
    if (range === undefined) table.added += answer.bytes;
    else if (unchanged && answer.rows > 0) table.same.add(range);
    else table.bytes.set(range, (table.bytes.get(range) ?? 0) + answer.bytes);
    if (range !== undefined && answer.rows === 0 && answer.sha256 !== null) table.empty.add(range);
  }
  return found;
}

function piecesOf(read: TableRead, table: EarlierTable, { same, bytes, empty, added }: Comparison): Piece[] {
  const pieces: Piece[] = [];
  const trusted = trustedRanges(table, empty);
  const last = trusted.at(-1);
  const isCut = trusted.length < table.ranges.length;
  let after: readonly string[] | null = null;
  /** Where what has to be fetched begins, and how much it is; what follows the last range has no end. */
  let open: { readonly after: readonly string[] | null; bytes: number } | undefined;
  const close = (upto: readonly string[] | null): void => {
    if (open) pieces.push(fetched(between(read, open.after, upto), open.bytes));
    open = undefined;
  };
  for (const range of trusted) {
    const grows = range === last && (added > 0 || isCut) && range.bytes < SMALL_BYTES && range.last !== null;
    if (same.has(range) && table.isHeld(range) && !grows) {
      close(after);
      pieces.push({ kind: 'kept', table, range, read: between(read, after, range.last) });
    } else {
      open ??= { after, bytes: 0 };
      open.bytes += bytes.get(range) ?? range.bytes;
    }
    after = range.last;
  }
  if (added > 0 || isCut) open ??= { after, bytes: 0 };
  if (open) open.bytes += isCut ? UNKNOWN : added;
  close(null);
  return pieces;
}

/**
 * The ranges up to which it is certain that each begins where the one before it ends. A damaged list could have their ends in another
 * order, and rows would come twice. Numbers can be compared here; of other keys only the source knows the order, and a range
 * from a later key to an earlier one is empty to it.
 */
function trustedRanges({ ranges, isNumbered }: EarlierTable, empty: ReadonlySet<OriginRange>): readonly OriginRange[] {
  const numbers = isNumbered ? ranges.map(numberOf) : [];
  const isLater = (at: number): boolean => {
    const [before, number] = [numbers[at - 1], numbers[at]];
    return at === 0 || (before !== undefined && number !== undefined && number > before);
  };
  const wrong = ranges.findIndex((range, at) => empty.has(range) && !isLater(at));
  return wrong === -1 ? ranges : ranges.slice(0, wrong);
}

function numberOf({ last }: OriginRange): bigint | undefined {
  const text = last?.length === 1 ? Buffer.from(last[0] ?? '', 'base64').toString('latin1') : '';
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

const fetched = (read: TableRead, bytes: number): FetchedPiece => ({ kind: 'fetched', read, bytes });

const between = (read: TableRead, after: readonly string[] | null, upto: readonly string[] | null): TableRead => ({
  ...read,
  ...(after && { after }),
  ...(upto && { upto }),
});
