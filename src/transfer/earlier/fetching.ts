import { WpcloneError } from '../../shared/errors.ts';
import type { RowBlock, SiteClient, TableRead } from '../../site/client-types.ts';
import { escapedName } from '../warnings.ts';
import type { FetchedPiece, Piece } from './pieces.ts';

/** Bytes of rows that are fetched ahead, so that a request is not needed for each place where something changed. */
const AHEAD_BYTES = 4 * 1024 * 1024;

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

  async function fillAhead(batch: readonly FetchedPiece[]): Promise<void> {
    const blocks = open(batch.map(({ read }) => read));
    try {
      for (const piece of batch) {
        const held: RowBlock[] = [];
        for await (const block of next(blocks, piece.read)) held.push({ ...block, data: Buffer.from(block.data) });
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
        else stream = { blocks: open(row.map(({ read }) => read)), left: row.length };
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

/** What is fetched from there on, as far as it can be held. */
function upTo(limit: number, pieces: readonly Piece[], from: number): FetchedPiece[] {
  let bytes = 0;
  const batch: FetchedPiece[] = [];
  for (const piece of pieces.slice(from)) {
    if (piece.kind !== 'fetched') continue;
    bytes += piece.bytes;
    if (bytes > limit) break;
    batch.push(piece);
  }
  return batch;
}

const notWhole = (table: string): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', `The site did not send the whole table ${escapedName(table)}.`);
