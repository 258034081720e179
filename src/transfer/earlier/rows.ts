import type { RowBlock, SiteClient, TableRead } from '../../site/client-types.ts';
import { startFetching } from './fetching.ts';
import type { Earlier } from './open.ts';
import { compare, piecesFrom, withoutEarlier, type Comparison, type KeptPiece, type Piece } from './pieces.ts';

/** A client whose tables come from an earlier clone where the source says that it still has the same. */
export interface EarlierRows {
  readonly client: SiteClient;
  /** How many rows did not come from the source. */
  readonly kept: () => number;
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
    return putTogether(reads, { earlier, client, count, signal });
  };
  return { client: { ...client, rows }, kept: () => [...kept.values()].reduce((sum, each) => sum + each, 0) };
}

interface Work {
  readonly earlier: Earlier;
  readonly client: SiteClient;
  /** Told of rows that did not come from the source. */
  readonly count: (table: string, rows: number) => void;
  readonly signal: AbortSignal;
}

async function* putTogether(reads: readonly TableRead[], work: Work): AsyncGenerator<RowBlock> {
  const found = new Map<string, Comparison>();
  const done = yield* whileAllIsSame(reads, found, work);
  // The one of which some was handed out comes first.
  const rest = reads
    .filter(({ name }) => !done.whole.has(name))
    .toSorted((one, other) => Number(other.name === done.name) - Number(one.name === done.name));
  const pieces = rest.flatMap((read) => {
    const from = read.name === done.name ? done.ranges : 0;
    return piecesFrom(from, read, work.earlier.get(read.name), found.get(read.name));
  });
  yield* inOrder(pieces, work);
}

/** What has been handed out: whole tables, and the first ranges of one. */
interface Done {
  readonly whole: Set<string>;
  name: string | undefined;
  ranges: number;
}

/**
 * Hands out what is the same while the source is still comparing, up to the first difference, or the first range that the earlier clone
 * has no more: what has to be fetched is asked for when all of it is known. Of a table the last range waits for its end: it may be read
 * anew with what follows.
 */
async function* whileAllIsSame(
  reads: readonly TableRead[],
  found: Map<string, Comparison>,
  work: Work,
): AsyncGenerator<RowBlock, Done> {
  const done: Done = { whole: new Set(), name: undefined, ranges: 0 };
  let isAllSame = true;
  let waiting: KeptPiece | undefined;
  const answers = compare(reads, work.earlier, found, work.client, work.signal);
  for await (const { name, kept, isSame } of whileAnswering(answers, work.signal)) {
    isAllSame &&= isSame;
    if (!isAllSame) continue;
    if (done.name !== name) Object.assign(done, { name, ranges: 0 });
    const isWhole = found.get(name)?.isWhole === true;
    const due = isWhole ? [waiting, kept] : [waiting];
    for (const piece of due.filter((each) => each !== undefined)) {
      const block = await keptBlock(piece, work);
      isAllSame = block !== undefined;
      if (block === undefined) break;
      yield block;
      done.ranges += 1;
    }
    waiting = isWhole ? undefined : kept;
    if (!isAllSame || !isWhole) continue;
    yield emptyEnd(name);
    done.whole.add(name);
  }
  return done;
}

/** A source that cannot compare, or no longer, is no failure: what it did not say is fetched. */
async function* whileAnswering<T>(answers: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  const next = () =>
    answers.next().catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  try {
    for (let answer = await next(); answer?.done === false; answer = await next()) yield answer.value;
  } finally {
    await answers.return(undefined);
  }
}

async function* inOrder(pieces: readonly Piece[], work: Work): AsyncGenerator<RowBlock> {
  let left = pieces;
  while (left.length > 0) {
    const handed = yield* whileHeld(left, work);
    left = withoutEarlier(left.slice(handed));
  }
}

/** Hands out pieces up to one whose rows the earlier clone has no more. Returns how many. */
async function* whileHeld(pieces: readonly Piece[], work: Work): AsyncGenerator<RowBlock, number> {
  const fetching = startFetching(pieces, work.client, work.signal);
  try {
    for (const [at, piece] of pieces.entries()) {
      work.signal.throwIfAborted();
      if (piece.kind === 'end') yield emptyEnd(piece.table);
      else if (piece.kind === 'fetched') yield* fetching.of(piece, at);
      else {
        const block = await keptBlock(piece, work);
        if (block === undefined) return at;
        yield block;
      }
    }
    return pieces.length;
  } finally {
    await fetching.end();
  }
}

/** A range that is as it was, from the earlier clone; undefined when it has it no more: it may be gone, or damaged. */
async function keptBlock({ table, range, read }: KeptPiece, { count }: Work): Promise<RowBlock | undefined> {
  const data = await table.read(range);
  if (data === undefined) return undefined;
  const { rows, last, sha256 } = range;
  count(read.name, rows);
  // A table ends where its pieces do.
  return { table: read.name, data, partial: false, rows, cursor: last, sha256, last: false };
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
