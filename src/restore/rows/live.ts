import type { SiteClient, TableRead } from '../../site/client-types.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import { flat, type Second } from './difference.ts';

/** A row of the live site: as the clone would have been made with it, and as it is there. */
export interface LiveLine {
  readonly line: string;
  readonly raw: string;
}

export const LIVE: Second<LiveLine> = {
  line: ({ line }) => line,
  copy: ({ line, raw }) => ({ line: flat(line), raw: line === raw ? flat(line) : flat(raw) }),
};

/** Rows of the live site in chunks, rewritten as those of the clone were. `more` is put behind each. */
export async function* liveLines(
  client: Pick<SiteClient, 'rows'>,
  reads: readonly TableRead[],
  rewriter: Pick<Rewriter, 'rows'>,
  columns: RowColumns,
  signal: AbortSignal,
  more = '',
): AsyncGenerator<readonly LiveLine[]> {
  let pieces: Buffer[] = [];
  for await (const block of client.rows(reads, signal)) {
    if (block.data.length > 0) pieces.push(Buffer.from(block.data));
    if (block.partial || pieces.length === 0) continue;
    const whole = Buffer.concat(pieces);
    pieces = [];
    const lines = pairs(whole, rewriter, columns);
    yield more === '' ? lines : lines.map(({ line, raw }) => ({ line: line + more, raw: raw + more }));
  }
}

/** Lines with what rewriting makes of them. The buffer is of no use afterwards. */
export function pairs(raw: Buffer, rewriter: Pick<Rewriter, 'rows'>, columns: RowColumns): LiveLine[] {
  const before = raw.toString('latin1').split('\n');
  const after = rewriter.rows(raw, columns).toString('latin1').split('\n');
  if (after.length !== before.length) throw new WpcloneError('INTERNAL', 'Rewriting changed the number of rows.');
  return before.slice(0, -1).map((line, index) => ({ raw: line, line: after[index] ?? '' }));
}
