import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { DigestRead, RangeDigest, RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';
import { openEarlier, type Earlier, type EarlierTable } from '../../src/transfer/earlier/open.ts';
import { withEarlier } from '../../src/transfer/earlier/rows.ts';
import { startRecorder } from '../../src/transfer/origin/recorder.ts';
import type { OriginRange } from '../../src/transfer/origin/schema.ts';
import { makeTemp } from '../support/temp.ts';

/** Tables of numbered rows; a text longer than a block comes in pieces. */
type Tables = ReadonlyMap<string, ReadonlyMap<number, string>>;

const NAMES = ['a', 'b', 'c'];
const BLOCK = 40;
const signal = new AbortController().signal;
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const key = (id: number): readonly string[] => [Buffer.from(String(id)).toString('base64')];
const idOf = (cursor: readonly string[] | undefined, none: number): number =>
  cursor ? Number(Buffer.from(cursor[0] ?? '', 'base64').toString()) : none;
const rowsBetween = (tables: Tables, { name, after, upto }: TableRead): [number, string][] =>
  [...(tables.get(name) ?? [])]
    .filter(([id]) => id > idOf(after, -1) && id <= idOf(upto, Number.POSITIVE_INFINITY))
    .toSorted(([one], [other]) => one - other)
    .map(([id, text]) => [id, `${id}\t${text}\n`]);

/** A site as far as the transfer of rows sees it. What the real one does is in test/integration/second-clone.test.ts. */
class Site {
  readonly asked: TableRead[] = [];
  private readonly tables: Tables;
  /** After so many answers digests fail. */
  private readonly answers: number;
  /** Some ranges are so large that their end is not reached within one answer. */
  private readonly cuts: boolean;
  constructor(tables: Tables, answers = Number.POSITIVE_INFINITY, cuts = false) {
    this.tables = tables;
    this.answers = answers;
    this.cuts = cuts;
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
    const lent = Buffer.alloc(4096);
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
        if (row.length > BLOCK) {
          yield block(read.name, text.slice(0, -1), { partial: true, rows: 0, cursor, sha256: null, last: false });
          cursor = key(id);
          yield block(read.name, '\n', { partial: false, rows: count + 1, cursor, sha256: sha256(text), last: false });
          [text, count] = ['', 0];
          continue;
        }
        cursor = key(id);
        count += 1;
        if (text.length < BLOCK) continue;
        yield block(read.name, text, { partial: false, rows: count, cursor, sha256: sha256(text), last: false });
        [text, count] = ['', 0];
      }
      yield block(read.name, text, { partial: false, rows: count, cursor, sha256: sha256(text), last: true });
    }
  }

  private async *digests(asked: readonly DigestRead[]): AsyncGenerator<RangeDigest> {
    let number = 0;
    for (const { bounds, ...read } of asked) {
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
      yield answer(undefined);
    }
  }
}

const reads = NAMES.map((name): TableRead => ({ name, columns: ['id', 'text'], key: ['id'] }));
const column = (name: string, type: string) => ({ name, type, charset: null, generated: false });
const columns = [column('id', 'int(11)'), column('text', 'text')];
const facts = { engine: 'InnoDB', rows: 0, dataBytes: 0, definition: '', columns, key: ['id'] };
const info = { rowFormat: 1, tables: NAMES.map((name) => ({ name, ...facts })) };
const folder = makeTemp('earlier');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Leaves what a clone of the tables does; every x of a row became yy. */
async function remember(site: Site): Promise<string> {
  const baseline = join(folder, 'baseline');
  rmSync(baseline, { recursive: true, force: true });
  mkdirSync(join(baseline, 'db'), { recursive: true });
  const recorder = await startRecorder(baseline, reads);
  const files = new Map(NAMES.map((name) => [name, '']));
  for (const name of NAMES) recorder.begin(name);
  for await (const block of site.client().rows(reads, signal)) {
    const text = block.data.toString('latin1');
    const replaced = block.partial || text === '\n' ? () => undefined : recorder.rewriting(block);
    for (const { index } of text.matchAll(/x/g)) replaced(index, index + 1, 2);
    const made = text.replaceAll('x', 'yy');
    recorder.wrote(block.table, made.length);
    files.set(block.table, `${files.get(block.table)}${made}`);
    recorder.block(block);
  }
  await recorder.close();
  const leftOut = { said: [], more: 0 };
  const rewriter = { version: 1, mapping: { from: [], to: [], paths: [] } };
  const tables = reads.map(({ name, columns: read, key: names }) => {
    const refused = { rows: 0, complaints: 0, examples: [] };
    return {
      name,
      columns: read,
      key: names,
      definition: sha256(''),
      copied: 'rows',
      rows: 0,
      bytes: 0,
      ids: null,
      refused,
    };
  });
  const origin = { version: 1, madeAt: 1, source: '', tablePrefix: '', rowFormat: 1, rewriter, tables, leftOut };
  writeFileSync(join(baseline, 'origin/database.json'), JSON.stringify(origin));
  const named = NAMES.map((name) => ({ name, file: `${name}.tsv` }));
  for (const { name, file } of named) writeFileSync(join(baseline, 'db', file), files.get(name) ?? '', 'latin1');
  writeFileSync(join(baseline, 'db/schema.json'), JSON.stringify({ tables: named }));
  return baseline;
}

const table = fc
  .array(
    fc.tuple(
      fc.nat(60),
      fc.oneof(
        { weight: 9, arbitrary: fc.stringMatching(/^[abx]{0,12}$/) },
        { weight: 1, arbitrary: fc.constant('x'.repeat(70)) },
      ),
    ),
    { maxLength: 40 },
  )
  .map((rows) => new Map(rows));
const all = fc.tuple(table, table, table);
/** Rows that are put in, changed (text) or deleted (null). */
const changes = fc.array(
  fc.tuple(fc.constantFrom(...NAMES), fc.nat(70), fc.option(fc.stringMatching(/^[abx]{0,12}$/))),
  {
    maxLength: 8,
  },
);

function changed(tables: Tables, list: readonly (readonly [string, number, string | null])[]): Tables {
  const now = new Map([...tables].map(([name, rows]) => [name, new Map(rows)]));
  for (const [name, id, text] of list) {
    if (text === null) now.get(name)?.delete(id);
    else now.get(name)?.set(id, text);
  }
  return now;
}

/** All rows of each table, which must come in one piece, end once, and have the digests and keys that they say. */
async function collect(client: SiteClient): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const ended = new Set<string>();
  let range = '';
  for await (const block of client.rows(reads, signal)) {
    if (ended.has(block.table)) throw new Error(`${block.table} goes on after its end`);
    const text = block.data.toString('latin1');
    texts.set(block.table, (texts.get(block.table) ?? '') + text);
    range += text;
    if (!block.partial && range !== '' && sha256(range) !== block.sha256) throw new Error('another digest');
    if (!block.partial && block.cursor && range !== '' && !range.includes(`${idOf(block.cursor, -1)}\t`))
      throw new Error('another key');
    if (!block.partial) range = '';
    if (block.last) ended.add(block.table);
  }
  if (ended.size !== NAMES.length) throw new Error('a table is missing');
  return texts;
}

/** Rows of the ranges with these numbers cannot be had, although they were there. */
function withHoles(earlier: Earlier | undefined, numbers: readonly number[]): Earlier | undefined {
  const ranges = [...(earlier?.values() ?? [])].flatMap((each) => each.ranges);
  const lost = new Set(numbers.map((number) => ranges[number]));
  const read = (each: EarlierTable) => async (range: OriginRange) => (lost.has(range) ? undefined : each.read(range));
  return earlier && new Map([...earlier].map(([name, each]) => [name, { ...each, read: read(each) }]));
}

describe('rows that come beside an earlier clone', () => {
  it('are those of the site, whatever changed, however far it can compare, and whatever became of the clone', async () => {
    const holes = fc.array(fc.nat(30), { maxLength: 3 });
    const limit = fc.option(fc.nat(20));
    await fc.assert(
      fc.asyncProperty(all, changes, limit, fc.boolean(), holes, async (tables, list, answers, cuts, lost) => {
        const before: Tables = new Map(NAMES.map((name, at) => [name, tables[at] ?? new Map()]));
        const now = changed(before, list);
        const earlier = withHoles(await openEarlier([await remember(new Site(before))], info), lost);
        const { client, kept } = withEarlier(new Site(now, answers ?? undefined, cuts).client(), earlier);
        const texts = await collect(client);
        expect(texts).toEqual(await collect(new Site(now).client()));
        expect(kept()).toBeLessThanOrEqual([...now.values()].reduce((sum, rows) => sum + rows.size, 0));
      }),
      { numRuns: 150 },
    );
  });

  it('come from the site only where something changed', async () => {
    const rows = new Map(Array.from({ length: 400 }, (_, id) => [id, 'abx']));
    const before: Tables = new Map(NAMES.map((name) => [name, rows]));
    const now = changed(before, [
      ['a', 7, 'new'],
      ['a', 300, null],
      ['c', 900, 'new'],
    ]);
    const site = new Site(now);
    const { client, kept } = withEarlier(site.client(), await openEarlier([await remember(new Site(before))], info));
    await collect(client);
    expect(site.asked.map(({ name }) => name)).toEqual(['a', 'a', 'c']);
    expect(1200 - kept()).toBeLessThan(30);
  });

  it('come from the site with one request for each table when the earlier clone is gone meanwhile', async () => {
    const rows = new Map(Array.from({ length: 400 }, (_, id) => [id, 'abx']));
    const before: Tables = new Map(NAMES.map((name) => [name, rows]));
    const site = new Site(before);
    const baseline = await remember(new Site(before));
    const { client, kept } = withEarlier(site.client(), await openEarlier([baseline], info));
    rmSync(baseline, { recursive: true });
    expect(await collect(client)).toEqual(await collect(new Site(before).client()));
    expect(site.asked.map(({ name }) => name)).toEqual(NAMES);
    expect(kept()).toBe(0);
  });
});
