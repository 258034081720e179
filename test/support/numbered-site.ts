import { createHash } from 'node:crypto';
import type { DigestRead, RangeDigest, RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';

/** Tables of numbered rows; a text longer than a block comes in pieces. */
export type Tables = ReadonlyMap<string, ReadonlyMap<number, string>>;

export const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
export const key = (id: number): readonly string[] => [Buffer.from(String(id)).toString('base64')];
export const idOf = (cursor: readonly string[] | undefined, none: number): number =>
  cursor ? Number(Buffer.from(cursor[0] ?? '', 'base64').toString()) : none;
const rowsBetween = (tables: Tables, { name, after, upto }: TableRead): [number, string][] =>
  [...(tables.get(name) ?? [])]
    .filter(([id]) => id > idOf(after, -1) && id <= idOf(upto, Number.POSITIVE_INFINITY))
    .toSorted(([one], [other]) => one - other)
    .map(([id, text]) => [id, `${id}\t${text}\n`]);

/** A site as far as the transfer of rows sees it. What the real one does is in test/integration/second-clone.test.ts. */
export class NumberedSite {
  readonly asked: TableRead[] = [];
  private readonly tables: Tables;
  /** After so many answers digests fail. */
  private readonly answers: number;
  /** Some ranges are so large that their end is not reached within one answer. */
  private readonly cuts: boolean;
  /** Bytes after which a block ends; a longer row comes in pieces. */
  private readonly block: number;
  constructor(tables: Tables, answers = Number.POSITIVE_INFINITY, cuts = false, block = 40) {
    this.tables = tables;
    this.answers = answers;
    this.cuts = cuts;
    this.block = block;
  }

  client(): SiteClient {
    const unused = (): never => {
      throw new Error('not asked for here');
    };
    return {
      rows: (reads) => this.rows(reads),
      digests: (reads) => this.digests(reads),
      info: unused,
      manifest: unused,
      files: unused,
      disconnect: unused,
    };
  }

  private async *rows(reads: readonly TableRead[]): AsyncGenerator<RowBlock> {
    // One buffer for all: a block is lent until the next is asked for.
    const lent = Buffer.alloc(Math.max(65_536, 2 * this.block));
    const block = (table: string, text: string, more: Omit<RowBlock, 'table' | 'data'>): RowBlock => {
      lent.fill('#');
      lent.write(text, 'latin1');
      return { table, data: lent.subarray(0, text.length), ...more };
    };
    for (const read of reads) {
      this.asked.push(read);
      let text = '';
      let count = 0;
      let cursor: readonly string[] | null = null;
      for (const [id, row] of rowsBetween(this.tables, read)) {
        text += row;
        if (row.length > this.block) {
          yield block(read.name, text.slice(0, -1), { partial: true, rows: 0, cursor, sha256: null, last: false });
          cursor = key(id);
          yield block(read.name, '\n', { partial: false, rows: count + 1, cursor, sha256: sha256(text), last: false });
          [text, count] = ['', 0];
          continue;
        }
        cursor = key(id);
        count += 1;
        if (text.length < this.block) continue;
        yield block(read.name, text, { partial: false, rows: count, cursor, sha256: sha256(text), last: false });
        [text, count] = ['', 0];
      }
      yield block(read.name, text, { partial: false, rows: count, cursor, sha256: sha256(text), last: true });
    }
  }

  private async *digests(asked: readonly DigestRead[]): AsyncGenerator<RangeDigest> {
    let number = 0;
    for (const { bounds, stop, ...read } of asked) {
      let after: readonly string[] | undefined;
      const answer = (upto: readonly string[] | undefined, more: Partial<RangeDigest> = {}): RangeDigest => {
        if (number++ >= this.answers) throw new Error('it is gone');
        const rows = rowsBetween(this.tables, { ...read, ...(after && { after }), ...(upto && { upto }) });
        const text = rows.map(([, row]) => row).join('');
        const last = upto ?? (rows.length === 0 ? null : key(rows.at(-1)?.[0] ?? 0));
        after = last ?? after;
        const said = { rows: rows.length, bytes: text.length, last, sha256: sha256(text), format: 1 };
        return { table: read.name, ...said, end: upto === undefined, ...more };
      };
      for (const bound of bounds) {
        const [first] = rowsBetween(this.tables, { ...read, ...(after && { after }), upto: bound });
        if (this.cuts && first && number % 5 === 4) yield answer(key(first[0]), { sha256: null });
        yield answer(bound);
      }
      if (!stop) yield answer(undefined);
    }
  }
}
