import { createHash, type Hash } from 'node:crypto';
import type { RowBlock } from '../../site/client-types.ts';
import { LEAST_AGAIN } from '../origin/again.ts';

/** Bytes of a block of a source and half as many: what replaces some of its rows still fits. What has LEAST_AGAIN is a range by itself. */
const MOST_BYTES = 768 * 1024;

/** A range that still takes blocks. */
interface Open {
  readonly table: string;
  readonly hash: Hash;
  bytes: number;
  cursor: readonly string[];
}

/**
 * Joins small blocks of a table into one range: their digest comes with an empty block after the last of them. Each range is something that
 * the clone remembers, and from clone to clone there would be more and smaller ones. Blocks are lent as those of a client are.
 */
export async function* coalesced(blocks: AsyncIterable<RowBlock>): AsyncGenerator<RowBlock> {
  let open: Open | undefined;
  /** A row in pieces is one range with the block that it ends in. */
  let isInRow = false;
  for await (const block of blocks) {
    const { table, data, cursor, partial, last } = block;
    if (data.length === 0 && !last && !partial && !block.remade) continue;
    const isJoinable = !partial && !isInRow && cursor !== null && !last && !block.remade;
    isInRow = partial;
    if (open && (!isJoinable || open.table !== table || open.bytes + data.length > MOST_BYTES)) {
      yield endOf(open);
      open = undefined;
    }
    if (!isJoinable || (open === undefined && data.length >= LEAST_AGAIN)) {
      yield block;
      continue;
    }
    open ??= { table, hash: createHash('sha256'), bytes: 0, cursor };
    open.hash.update(data);
    open.bytes += data.length;
    open.cursor = cursor;
    yield { ...block, sha256: null };
  }
  if (open) yield endOf(open);
}

const endOf = ({ table, hash, cursor }: Open): RowBlock => ({
  table,
  data: Buffer.alloc(0),
  partial: false,
  rows: 0,
  cursor,
  sha256: hash.digest('hex'),
  last: false,
});
