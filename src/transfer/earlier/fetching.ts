import { WpcloneError } from '../../shared/errors.ts';
import type { RowBlock, SiteClient, TableRead } from '../../site/client-types.ts';
import { escapedName } from '../warnings.ts';
import type { FetchedPiece, Piece } from './pieces.ts';

/** Bytes of rows that are fetched ahead, so that a request is not needed for each place where something changed. */
const AHEAD_BYTES = 4 * 1024 * 1024;
/** A site may have more by now than it has said, or say what it likes: beyond that nothing is held, and the rows come as they are wanted. */
const MOST_AHEAD = 2 * AHEAD_BYTES;

export interface Fetching {
  /** The rows of a piece, which stands there in the list. Pieces are asked for in their order. */
  of(piece: FetchedPiece, at: number): AsyncGenerator<RowBlock>;
  /** Ends what is still open. */
  end(): Promise<void>;
}

/** Asks for what comes from the source, as much as possible with one request. */
export function startFetching(
  pieces: readonly Piece[],
  client: Pick<SiteClient, 'rows'>,
  signal: AbortSignal,
): Fetching {
  const ahead = new Map<FetchedPiece, readonly RowBlock[]>();
  let stream: { readonly blocks: AsyncIterator<RowBlock>; left: number } | undefined;

  const open = (reads: readonly TableRead[]): AsyncIterator<RowBlock> =>
    client.rows(reads, signal)[Symbol.asyncIterator]();

  async function* next(blocks: AsyncIterator<RowBlock>, { name }: TableRead): AsyncGenerator<RowBlock> {
    for (;;) {
      const { value, done } = await blocks.next();
      if (done === true || value.table !== name) throw notWhole(name);
      yield { ...value, last: false };
      if (value.last) return;
    }
  }

  /** As many of the pieces as can be held, maybe none. */
  async function fillAhead(batch: readonly FetchedPiece[]): Promise<void> {
    const blocks = open(batch.map(({ read }) => read));
    let room = MOST_AHEAD;
    try {
      for (const piece of batch) {
        const held: RowBlock[] = [];
        for await (const block of next(blocks, piece.read)) {
          room -= block.data.length;
          if (room < 0) return;
          held.push({ ...block, data: Buffer.from(block.data) });
        }
        ahead.set(piece, held);
      }
    } finally {
      await blocks.return?.();
    }
  }

  async function end(): Promise<void> {
    await stream?.blocks.return?.();
    stream = undefined;
  }

  return {
    async *of(piece: FetchedPiece, at: number): AsyncGenerator<RowBlock> {
      if (stream === undefined && !ahead.has(piece)) {
        const row = inARow(pieces, at);
        const batch = upTo(AHEAD_BYTES, pieces, at);
        if (batch.length > row.length) await fillAhead(batch);
        if (!ahead.has(piece)) stream = { blocks: open(row.map(({ read }) => read)), left: row.length };
      }
      yield* ahead.get(piece) ?? [];
      if (ahead.delete(piece)) return;
      if (stream === undefined) throw notWhole(piece.read.name);
      yield* next(stream.blocks, piece.read);
      stream.left -= 1;
      if (stream.left === 0) await end();
    },
    end,
  };
}

/** What is fetched with nothing kept in between: nothing makes its stream wait. */
function inARow(pieces: readonly Piece[], from: number): FetchedPiece[] {
  const end = pieces.findIndex(({ kind }, at) => at > from && kind === 'kept');
  return pieces.slice(from, end === -1 ? pieces.length : end).filter((piece) => piece.kind === 'fetched');
}

/**
 * What is fetched from there on, as far as it can be held. A table without a key is never fetched while another is being handed out: when
 * it changes in an interruption, all tables that are not whole begin anew, and that may only be itself.
 */
function upTo(limit: number, pieces: readonly Piece[], from: number): FetchedPiece[] {
  let bytes = 0;
  const batch: FetchedPiece[] = [];
  for (const piece of pieces.slice(from)) {
    if (piece.kind !== 'fetched') continue;
    bytes += piece.bytes;
    if (bytes > limit || (piece.read.key === null && batch.length > 0)) break;
    batch.push(piece);
  }
  return batch;
}

const notWhole = (table: string): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', `The site did not send the whole table ${escapedName(table)}.`);
