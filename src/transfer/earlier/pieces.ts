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
/** How much nobody has said yet. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** What the source has said of a table so far. */
export interface Comparison {
  readonly same: Set<OriginRange>;
  /** Bytes of the ranges that are others by now. */
  readonly bytes: Map<OriginRange, number>;
  /** Those in which there is no row any more. */
  readonly empty: Set<OriginRange>;
  /** Bytes after the last range. */
  added: number;
  /** It has spoken of the whole table. */
  isWhole: boolean;
}

/**
 * Asks the source which ranges are as they were, notes it in `found` by table, and says of each answer whether it leaves everything as it
 * was. Tables that cannot be compared are not asked for. Throws what the client throws.
 */
export async function* compare(
  reads: readonly TableRead[],
  earlier: Earlier,
  found: Map<string, Comparison>,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly name: string; readonly kept: KeptPiece | undefined; readonly isSame: boolean }> {
  const known = reads.filter((read) => isKnown(read, earlier.get(read.name)));
  const byName = new Map(known.map((read) => [read.name, read]));
  if (known.length === 0) return;
  const ranges = new Map(known.map(({ name }) => [name, earlier.get(name)?.ranges ?? []]));
  for await (const { answer, range, after, unchanged } of compareRanges(known, ranges, client, signal)) {
    const [read, table] = [byName.get(answer.table), earlier.get(answer.table)];
    if (read === undefined || table === undefined) continue;
    const said = found.get(read.name) ?? nothingYet();
    found.set(read.name, said);
    said.isWhole = answer.end;
    if (range === undefined) said.added += answer.bytes;
    else if (unchanged && answer.rows > 0) said.same.add(range);
    else said.bytes.set(range, (said.bytes.get(range) ?? 0) + answer.bytes);
    if (range !== undefined && answer.rows === 0 && answer.sha256 !== null) said.empty.add(range);
    const isKept = range !== undefined && said.same.has(range) && table.isHeld(range);
    const kept = isKept ? keptPiece(read, table, range, after) : undefined;
    yield { name: read.name, kept, isSame: isKept || (range === undefined && answer.bytes === 0) };
  }
}

const nothingYet = (): Comparison => ({
  same: new Set(),
  bytes: new Map(),
  empty: new Set(),
  added: 0,
  isWhole: false,
});

const keptPiece = (
  read: TableRead,
  table: EarlierTable,
  range: OriginRange,
  after: readonly string[] | null,
): KeptPiece => ({
  kind: 'kept',
  table,
  range,
  read: between(read, after, range.last),
});

/** How a table is put together from its range number `from` on, when those before it have been handed out. */
export function piecesFrom(
  from: number,
  read: TableRead,
  table: EarlierTable | undefined,
  said: Comparison | undefined,
): readonly Piece[] {
  const after = table?.ranges[from - 1]?.last ?? null;
  // Each range has a piece of its own up to the first that is another.
  const pieces =
    table && said?.isWhole === true
      ? piecesOf(read, table, said).slice(from)
      : [fetched(between(read, after, null), UNKNOWN)];
  return [...pieces, { kind: 'end', table: read.name }];
}

/**
 * The pieces from one on whose rows the earlier clone has no more: all that is left of that table comes from the source, with one request.
 * That clone may be gone altogether, and each of its ranges by itself would be a request.
 */
export function withoutEarlier(pieces: readonly Piece[]): readonly Piece[] {
  const [first] = pieces;
  if (first?.kind !== 'kept') return pieces;
  const end = pieces.findIndex(({ kind }) => kind === 'end');
  const { upto: _, ...read } = first.read;
  const bytes = pieces.slice(0, end).reduce((sum, piece) => sum + bytesOf(piece), 0);
  return [fetched(read, bytes), ...pieces.slice(end)];
}

function bytesOf(piece: Piece): number {
  if (piece.kind === 'end') return 0;
  return piece.kind === 'kept' ? piece.range.bytes : piece.bytes;
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

const equal = (one: readonly string[] | null, other: readonly string[] | null): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

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
      pieces.push(keptPiece(read, table, range, after));
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
