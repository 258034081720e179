import { hash } from 'node:crypto';
import type { RemadeRows, RowBlock, SiteClient, TableRead } from '../../site/client-types.ts';
import { readAhead } from './ahead.ts';
import { coalesced } from './coalesce.ts';
import { startFetching } from './fetching.ts';
import type { Earlier } from './open.ts';
import { piecesOf, tableOf, withoutEarlier, type KeptPiece, type Piece } from './pieces.ts';
import type { Readdress } from './readdress.ts';
import { createRefiner } from './refine.ts';
import { createRoom, type Room } from './room.ts';
import { rowsOf } from './split.ts';
import { compare } from './stretches.ts';

/** A client whose tables come from an earlier clone where the source says that it still has the same. */
export interface EarlierRows {
  readonly client: SiteClient;
  /** How many rows did not come from the source, and how many URLs in them need not be rewritten once more. */
  readonly kept: () => { readonly rows: number; readonly urls: number };
}

/**
 * What a source without an earlier clone, or one that cannot compare, sends is passed on as it is. `rules` by which tables of the earlier clone
 * were made if only its addresses are others than those of the new one, by name: see `rulesOf`; `readdress` where these are others.
 */
export function withEarlier(
  client: SiteClient,
  earlier: Earlier | undefined,
  rules: ReadonlyMap<string, string | undefined>,
  readdress?: Readdress,
): EarlierRows {
  if (earlier === undefined) return { client, kept: () => ({ rows: 0, urls: 0 }) };
  const kept = new Map<string, { rows: number; urls: number }>();
  const count = (table: string, rows: number, urls: number): void => {
    const before = kept.get(table) ?? { rows: 0, urls: 0 };
    kept.set(table, { rows: before.rows + rows, urls: before.urls + urls });
  };
  const rows = (reads: readonly TableRead[], signal: AbortSignal): AsyncIterable<RowBlock> => {
    // What arrived since a table was read is known to nobody else.
    if (reads.some(({ after }) => after !== undefined)) return client.rows(reads, signal);
    for (const { name } of reads) kept.delete(name);
    return coalesced(putTogether(reads, { earlier, client, rules, readdress, count, signal, room: createRoom() }));
  };
  const sum = (what: 'rows' | 'urls'): number => [...kept.values()].reduce((all, each) => all + each[what], 0);
  return { client: { ...client, rows }, kept: () => ({ rows: sum('rows'), urls: sum('urls') }) };
}

interface Work {
  readonly earlier: Earlier;
  readonly client: SiteClient;
  readonly rules: ReadonlyMap<string, string | undefined>;
  readonly readdress: Readdress | undefined;
  readonly room: Room;
  /** Told of rows that did not come from the source, and of URLs in them that are not rewritten once more. */
  readonly count: (table: string, rows: number, urls: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The source is asked what it still has while rows are handed out already: what it has said so far is looked at more closely, put
 * together, and then what it has said since.
 */
async function* putTogether(reads: readonly TableRead[], work: Work): AsyncGenerator<RowBlock> {
  const { earlier, client } = work;
  const over = new AbortController();
  const signal = AbortSignal.any([work.signal, over.signal]);
  const compared = readAhead(compare(reads, earlier, client, signal));
  const refiner = createRefiner(client, work.room, work.signal);
  /** What is still said of them is of no use any more. */
  const whole = new Set<string>();
  try {
    for (let said = await compared.take(); said.length > 0; said = await compared.take())
      for (let left = said; left.length > 0;) {
        const wanted = left.filter(({ read }) => !whole.has(read.name));
        const { used, stretches } = await refiner.refine(wanted);
        yield* inOrder(piecesOf(stretches), whole, work);
        left = wanted.slice(used);
      }
  } finally {
    over.abort();
    await work.room.close();
  }
}

async function* inOrder(pieces: readonly Piece[], whole: Set<string>, work: Work): AsyncGenerator<RowBlock> {
  let left = pieces;
  for (;;) {
    left = left.slice(yield* whileHeld(left, work));
    const [lost] = left;
    if (lost === undefined) return;
    whole.add(tableOf(lost));
    left = withoutEarlier(left);
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

/** Rows that are as they were, from the earlier clone; undefined when it has them no more: it may be gone, or damaged. */
async function keptBlock(piece: KeptPiece, work: Work): Promise<RowBlock | undefined> {
  const remade = await remadeBlock(piece, work);
  if (remade !== undefined) return remade;
  const { held, last, read } = piece;
  const { table, range, from, to, first, rows } = held;
  const all = await table.read(range, work.room);
  if (all === undefined) return undefined;
  const data = all.sent.subarray(from, to);
  const isAll = data.length === all.sent.length;
  const sha256 = isAll ? range.sha256 : hash('sha256', data);
  work.count(read.name, rows, 0);
  const before = { after: read.after ?? null, last, rows: () => (isAll ? all.made : rowsOf(all.made, first, rows)) };
  // A table ends where its pieces do.
  return { table: read.name, data, partial: false, rows, cursor: last, sha256, last: false, before };
}

/** A whole range of which the same rules would make the same again, but for the addresses. */
async function remadeBlock({ held, last, read }: KeptPiece, work: Work): Promise<RowBlock | undefined> {
  const { table, range, from, to, rows } = held;
  const rules = work.rules.get(read.name);
  if (rules === undefined || rules !== table.rules || from !== 0 || to !== range.bytes) return undefined;
  const found = await table.remade(range, work.room);
  const remade = found && work.readdress ? readdressed(found, work.readdress) : found;
  if (remade === undefined) return undefined;
  work.count(read.name, rows, remade.urls);
  const before = work.readdress ? {} : { before: { after: read.after ?? null, last, rows: () => remade.rows } };
  return { ...emptyEnd(read.name), rows, cursor: last, sha256: range.sha256, last: false, ...before, remade };
}

function readdressed(found: RemadeRows, readdress: Readdress): RemadeRows | undefined {
  return readdress(found.rows, found.back) ? { ...found, sha256: hash('sha256', found.rows) } : undefined;
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
