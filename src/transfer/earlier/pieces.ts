import type { TableRead } from '../../site/client-types.ts';
import type { Key } from './keys.ts';
import { UNKNOWN, type Held, type Stretch } from './stretches.ts';

/** What tables are put together from, in the order of their rows. */
export type Piece = KeptPiece | FetchedPiece | { readonly kind: 'end'; readonly table: string };

/** Rows that the earlier clone has. */
export interface KeptPiece {
  readonly kind: 'kept';
  readonly held: Held;
  /** Of the last row. */
  readonly last: Key | null;
  /** How to ask the source for them. */
  readonly read: TableRead;
}

/** Rows that come from the source. */
export interface FetchedPiece {
  readonly kind: 'fetched';
  readonly read: TableRead;
  /** About so many: as the source said a moment ago. */
  readonly bytes: number;
}

/** As few as possible: neighbours become one. */
export function piecesOf(stretches: readonly Stretch[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const stretch of stretches) {
    const { read, held, isSame, bytes, ends } = stretch;
    if (held && isSame) pieces.push(keptAfter(pieces, { ...stretch, held }));
    else if (!ends || bytes > 0) pieces.push(fetchedAfter(pieces, stretch));
    if (ends) pieces.push({ kind: 'end', table: read.name });
  }
  return pieces;
}

/** Takes the last piece away where both are one. */
function keptAfter(pieces: Piece[], { held, read, after, last }: Stretch & { readonly held: Held }): KeptPiece {
  const before = pieces.at(-1);
  const piece: KeptPiece = { kind: 'kept', held, last, read: between(read, after, last) };
  if (before?.kind !== 'kept' || before.held.range !== held.range || before.held.to !== held.from) return piece;
  pieces.pop();
  const { from, first } = before.held;
  const both = { ...held, from, first, rows: before.held.rows + held.rows };
  return { ...piece, held: both, read: between(read, before.read.after ?? null, last) };
}

function fetchedAfter(pieces: Piece[], { read, after, last, bytes }: Stretch): FetchedPiece {
  const before = pieces.at(-1);
  if (before?.kind !== 'fetched' || before.read.name !== read.name)
    return { kind: 'fetched', read: between(read, after, last), bytes };
  pieces.pop();
  return { kind: 'fetched', read: between(read, before.read.after ?? null, last), bytes: before.bytes + bytes };
}

/**
 * The pieces from one on whose rows the earlier clone has no more: all that is left of that table comes from the source, with one request.
 * That clone may be gone altogether, and each of its ranges by itself would be a request.
 */
export function withoutEarlier(pieces: readonly Piece[]): readonly Piece[] {
  const [first] = pieces;
  if (first?.kind !== 'kept') return pieces;
  const { upto: _, ...read } = first.read;
  const others = pieces.filter((piece) => tableOf(piece) !== read.name);
  return [{ kind: 'fetched', read, bytes: UNKNOWN }, { kind: 'end', table: read.name }, ...others];
}

export const tableOf = (piece: Piece): string => (piece.kind === 'end' ? piece.table : piece.read.name);

const between = (read: TableRead, after: Key | null, upto: Key | null): TableRead => ({
  ...read,
  ...(after && { after }),
  ...(upto && { upto }),
});
