import type { RowBlock, SiteClient, TableRead } from '../../site/client-types.ts';
import { startFetching } from './fetching.ts';
import type { Earlier } from './open.ts';
import { planPieces, type KeptPiece, type Piece } from './pieces.ts';

/** A client whose tables come from an earlier clone where the source says that it still has the same. */
export interface EarlierRows {
  readonly client: SiteClient;
  /** How many rows did not come from the source. */
  kept(): number;
}

/** What a source without an earlier clone, or one that cannot compare, sends is passed on as it is. */
export function withEarlier(client: SiteClient, earlier: Earlier | undefined): EarlierRows {
  if (earlier === undefined) return { client, kept: () => 0 };
  const kept = new Map<string, number>();
  const count = (table: string, rows: number): void => void kept.set(table, (kept.get(table) ?? 0) + rows);
  const rows = (reads: readonly TableRead[], signal: AbortSignal): AsyncIterable<RowBlock> => {
    // What arrived since a table was read is known to nobody else.
    if (reads.some(({ after }) => after !== undefined)) return client.rows(reads, signal);
    for (const { name } of reads) kept.delete(name);
    return putTogether(planPieces(reads, earlier, client, signal), client, count, signal);
  };
  return { client: { ...client, rows }, kept: () => [...kept.values()].reduce((sum, each) => sum + each, 0) };
}

async function* putTogether(
  planned: Promise<readonly Piece[]>,
  client: SiteClient,
  count: (table: string, rows: number) => void,
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  const pieces = await planned;
  const fetching = startFetching(pieces, client, signal);
  try {
    for (const [at, piece] of pieces.entries()) {
      signal.throwIfAborted();
      if (piece.kind === 'end') yield emptyEnd(piece.table);
      else if (piece.kind === 'fetched') yield* fetching.of(piece, at);
      else {
        const block = await blockOf(piece);
        if (block) count(block.table, block.rows);
        if (block) yield block;
        else yield* inside(client.rows([piece.read], signal));
      }
    }
  } finally {
    await fetching.end();
  }
}

async function blockOf({ table, range, read }: KeptPiece): Promise<RowBlock | undefined> {
  const data = await table.read(range);
  const { rows, last, sha256 } = range;
  return data && { table: read.name, data, partial: false, rows, cursor: last, sha256, last: false };
}

const emptyEnd = (table: string): RowBlock => ({
  table,
  data: Buffer.alloc(0),
  partial: false,
  rows: 0,
  cursor: null,
  sha256: null,
  last: true,
});

/** A table ends where its pieces do. */
async function* inside(blocks: AsyncIterable<RowBlock>): AsyncGenerator<RowBlock> {
  for await (const block of blocks) yield { ...block, last: false };
}
