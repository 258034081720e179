import { describe, expect, it } from 'vitest';
import type { DigestRead, RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';
import { startFetching } from '../../src/transfer/earlier/fetching.ts';
import type { Earlier, EarlierTable } from '../../src/transfer/earlier/open.ts';
import type { Piece } from '../../src/transfer/earlier/pieces.ts';
import { withEarlier } from '../../src/transfer/earlier/rows.ts';
import { compare } from '../../src/transfer/earlier/stretches.ts';

const signal = new AbortController().signal;
const read = (name: string, key: readonly string[] | null): TableRead => ({ name, columns: ['id'], key });
const table: EarlierTable = {
  columns: ['id'],
  key: ['id'],
  isNumbered: true,
  rules: undefined,
  ranges: [],
  isHeld: () => true,
  read: async () => undefined,
  remade: async () => undefined,
};
const range = { t: 0, rows: 1, bytes: 9e9, last: null, sha256: '0'.repeat(64) };
const fetched = (one: TableRead, bytes: number) => ({ kind: 'fetched', read: one, bytes }) as const;
const held = { table, range, from: 0, to: 9, first: 0, rows: 1 };
const between = { kind: 'kept', held, last: null, read: read('a', ['id']) } as const;

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
  const all: string[] = [];
  for await (const list of compare(reads, earlier, client, signal)) all.push(...list.map((each) => each.read.name));
  expect(asked).toEqual(['small', 'empty']);
  expect(all).toEqual(['large', 'small', 'empty']);
});

describe('while the source is still comparing', () => {
  const sha = '1'.repeat(64);
  const last = [Buffer.from('9').toString('base64')];
  const known = { ...range, bytes: 4, last };
  const earlier: Earlier = new Map(['a', 'b', 'c'].map((name) => [name, { ...table, ranges: [known] }]));
  const other = (name: string) => ({ table: name, rows: 1, bytes: 4, last, sha256: sha, format: 1, end: false });
  const end = (name: string) => ({ ...other(name), rows: 0, bytes: 0, end: true });
  const unused = (): never => {
    throw new Error('not asked for here');
  };
  const site = (digests: SiteClient['digests']): SiteClient => ({
    digests,
    async *rows(reads): AsyncGenerator<RowBlock> {
      for (const { name } of reads)
        yield {
          table: name,
          data: Buffer.from('9\tx\n'),
          partial: false,
          rows: 1,
          cursor: last,
          sha256: sha,
          last: true,
        };
    },
    info: unused,
    manifest: unused,
    files: unused,
    disconnect: unused,
  });
  const reads = ['a', 'b', 'c'].map((name) => read(name, ['id']));

  it('rows are handed out already, also those of a range that is another', async () => {
    const first = Promise.withResolvers<void>();
    const { client } = withEarlier(
      site(async function* digests() {
        yield other('a');
        yield end('a');
        await first.promise;
        for (const name of ['b', 'c']) yield* [other(name), end(name)];
      }),
      earlier,
      new Map(),
    );
    const ended: string[] = [];
    for await (const block of client.rows(reads, signal)) {
      first.resolve();
      if (block.last) ended.push(block.table);
    }
    expect(ended).toEqual(['a', 'b', 'c']);
  });

  it('a table at which it fails costs that table only', async () => {
    const asked: string[][] = [];
    const { client } = withEarlier(
      site(async function* digests(list) {
        asked.push(list.map(({ name }) => name));
        for (const { name } of list) {
          if (name === 'b') throw new Error('it cannot read it');
          yield* [other(name), end(name)];
        }
      }),
      earlier,
      new Map(),
    );
    const ended: string[] = [];
    for await (const block of client.rows(reads, signal)) if (block.last) ended.push(block.table);
    expect(ended.toSorted()).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([['a', 'b', 'c'], ['c']]);
  });
});
