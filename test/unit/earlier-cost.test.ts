import { describe, expect, it } from 'vitest';
import type { DigestRead, RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';
import { startFetching } from '../../src/transfer/earlier/fetching.ts';
import type { Earlier, EarlierTable } from '../../src/transfer/earlier/open.ts';
import { compare, type Piece } from '../../src/transfer/earlier/pieces.ts';

const signal = new AbortController().signal;
const read = (name: string, key: readonly string[] | null): TableRead => ({ name, columns: ['id'], key });
const table: EarlierTable = {
  columns: ['id'],
  key: ['id'],
  isNumbered: true,
  ranges: [],
  isHeld: () => true,
  read: async () => undefined,
};
const range = { t: 0, rows: 1, bytes: 9e9, last: null, sha256: '0'.repeat(64) };
const fetched = (one: TableRead, bytes: number) => ({ kind: 'fetched', read: one, bytes }) as const;
const between = { kind: 'kept', table, range, read: read('a', ['id']) } as const;

/** Sends so many blocks of a megabyte of each table, and counts them. */
function sender(blocks: number) {
  const requests: (readonly string[])[] = [];
  const sent = { blocks: 0 };
  const data = Buffer.alloc(1 << 20, 'x');
  const client: Pick<SiteClient, 'rows'> = {
    async *rows(reads): AsyncGenerator<RowBlock> {
      requests.push(reads.map(({ name }) => name));
      for (const { name } of reads)
        for (let left = blocks; left > 0; left -= 1) {
          sent.blocks += 1;
          yield { table: name, data, partial: false, rows: 1, cursor: null, sha256: null, last: left === 1 };
        }
    },
  };
  return { client, requests, sent };
}

describe('rows that are fetched ahead', () => {
  it('are no more than a few megabytes, however much a site sends after it said that there is little', async () => {
    const { client, sent } = sender(64);
    const pieces: readonly Piece[] = [fetched(read('a', ['id']), 1), between, fetched(read('b', ['id']), 1)];
    const fetching = startFetching(pieces, client, signal);
    let got = 0;
    let most = 0;
    for (const [at, piece] of pieces.entries()) {
      if (piece.kind !== 'fetched') continue;
      for await (const block of fetching.of(piece, at)) {
        most = Math.max(most, sent.blocks - got);
        got += block.rows;
      }
    }
    await fetching.end();
    expect(got).toBe(128);
    expect(most).toBeLessThan(12);
  });

  it('are never those of a table without a key while another is being handed out', async () => {
    const { client, requests } = sender(1);
    const pieces: readonly Piece[] = [fetched(read('a', ['id']), 1), between, fetched(read('b', null), 1)];
    const fetching = startFetching(pieces, client, signal);
    let rows = 0;
    for (const [at, piece] of pieces.entries())
      if (piece.kind === 'fetched') for await (const block of fetching.of(piece, at)) rows += block.rows;
    await fetching.end();
    expect(rows).toBe(2);
    expect(requests).toEqual([['a'], ['b']]);
  });
});

it('a table of which nothing is held, such as a large one without a key, is not compared: the site would read it twice', async () => {
  const asked: string[] = [];
  const client: Pick<SiteClient, 'digests'> = {
    async *digests(reads: readonly DigestRead[]) {
      asked.push(...reads.map(({ name }) => name));
      yield* [];
    },
  };
  const earlier: Earlier = new Map([
    ['large', { ...table, key: null, ranges: [range], isHeld: () => false }],
    ['small', { ...table, key: null, ranges: [range] }],
    ['empty', table],
  ]);
  const reads = [read('large', null), read('small', null), read('empty', ['id'])];
  for await (const answer of compare(reads, earlier, new Map(), client, signal)) expect(answer).toBeUndefined();
  expect(asked).toEqual(['small', 'empty']);
});
