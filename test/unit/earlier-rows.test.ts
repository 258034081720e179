import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SiteClient, TableRead } from '../../src/site/client-types.ts';
import { openEarlier, type Earlier, type EarlierTable } from '../../src/transfer/earlier/open.ts';
import type { Room } from '../../src/transfer/earlier/room.ts';
import { withEarlier } from '../../src/transfer/earlier/rows.ts';
import { startRecorder } from '../../src/transfer/origin/recorder.ts';
import type { OriginRange } from '../../src/transfer/origin/schema.ts';
import { idOf, NumberedSite, sha256, type Tables } from '../support/numbered-site.ts';
import { makeTemp } from '../support/temp.ts';

const NAMES = ['a', 'b', 'c'];
const NO_RULES: ReadonlyMap<string, undefined> = new Map();
const signal = new AbortController().signal;

const reads = NAMES.map((name): TableRead => ({ name, columns: ['id', 'text'], key: ['id'] }));
const column = (name: string, type: string) => ({ name, type, charset: null, generated: false });
const columns = [column('id', 'int(11)'), column('text', 'text')];
const facts = { engine: 'InnoDB', rows: 0, dataBytes: 0, definition: '', columns, key: ['id'] };
const info = { rowFormat: 1, tables: NAMES.map((name) => ({ name, ...facts })) };
const folder = makeTemp('earlier');
const KEY = Buffer.from('a key of the home');
const recorded = reads.map((read) => ({ ...read, rules: undefined }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Leaves what a clone of the tables does; every x of a row became yy. */
async function remember(site: Pick<SiteClient, 'rows'>): Promise<string> {
  const baseline = join(folder, 'baseline');
  rmSync(baseline, { recursive: true, force: true });
  mkdirSync(join(baseline, 'db'), { recursive: true });
  const recorder = await startRecorder(baseline, recorded, KEY);
  const files = new Map(NAMES.map((name) => [name, '']));
  for (const name of NAMES) recorder.begin(name);
  for await (const block of site.rows(reads, signal)) {
    const text = block.data.toString('latin1');
    const replaced = block.partial || text === '\n' ? () => undefined : recorder.rewriting(block);
    for (const { index } of text.matchAll(/x/g)) replaced(index, index + 1, 2);
    const made = text.replaceAll('x', 'yy');
    recorder.wrote(block.table, Buffer.from(made, 'latin1'));
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
      fc.nat(90),
      fc.oneof(
        { weight: 9, arbitrary: fc.stringMatching(/^[abx]{0,12}$/) },
        { weight: 1, arbitrary: fc.constant('x'.repeat(70)) },
      ),
    ),
    { maxLength: 60 },
  )
  .map((rows) => new Map(rows));
const all = fc.tuple(table, table, table);
/** In the larger ones there are enough rows that the site is asked for parts of them. */
const blockBytes = fc.constantFrom(40, 300);
/** Rows that are put in, changed (text) or deleted (null). */
const changes = fc.array(
  fc.tuple(fc.constantFrom(...NAMES), fc.nat(99), fc.option(fc.stringMatching(/^[abx]{0,12}$/))),
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
    if (block.sha256 !== null && range !== '' && sha256(range) !== block.sha256) throw new Error('another digest');
    if (block.sha256 !== null && block.cursor && range !== '' && !range.includes(`${idOf(block.cursor, -1)}\t`))
      throw new Error('another key');
    if (block.sha256 !== null) range = '';
    if (block.last) ended.add(block.table);
  }
  if (ended.size !== NAMES.length) throw new Error('a table is missing');
  return texts;
}

const opened = async (baseline: string) => (await openEarlier([{ baseline }], info, [], KEY))?.tables;

/** Rows of the ranges with these numbers cannot be had, although they were there. */
function withHoles(earlier: Earlier | undefined, numbers: readonly number[]): Earlier | undefined {
  const ranges = [...(earlier?.values() ?? [])].flatMap((each) => each.ranges);
  const lost = new Set(numbers.map((number) => ranges[number]));
  const read = (each: EarlierTable) => async (range: OriginRange, room: Room) =>
    lost.has(range) ? undefined : each.read(range, room);
  return earlier && new Map([...earlier].map(([name, each]) => [name, { ...each, read: read(each) }]));
}

describe('rows that come beside an earlier clone', () => {
  it('are those of the site, whatever changed, however far it can compare, and whatever became of the clone', async () => {
    const holes = fc.array(fc.nat(30), { maxLength: 3 });
    const limit = fc.option(fc.nat(20));
    await fc.assert(
      fc.asyncProperty(
        all,
        changes,
        limit,
        fc.boolean(),
        holes,
        blockBytes,
        async (tables, list, answers, cuts, lost, size) => {
          const before: Tables = new Map(NAMES.map((name, at) => [name, tables[at] ?? new Map()]));
          const now = changed(before, list);
          const first = new NumberedSite(before, undefined, false, size);
          const earlier = withHoles(await opened(await remember(first.client())), lost);
          const { client, kept } = withEarlier(
            new NumberedSite(now, answers ?? undefined, cuts, size).client(),
            earlier,
            NO_RULES,
          );
          const texts = await collect(client);
          expect(texts).toEqual(await collect(new NumberedSite(now).client()));
          expect(kept().rows).toBeLessThanOrEqual([...now.values()].reduce((sum, rows) => sum + rows.size, 0));
        },
      ),
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
    const site = new NumberedSite(now);
    const { client, kept } = withEarlier(
      site.client(),
      await opened(await remember(new NumberedSite(before).client())),
      NO_RULES,
    );
    await collect(client);
    expect(site.asked.map(({ name }) => name)).toEqual(['a', 'a', 'c']);
    expect(1200 - kept().rows).toBeLessThan(30);
  });

  it('come from the site by a few of a range in which one changed', async () => {
    const rows = new Map(Array.from({ length: 3000 }, (_, id) => [id, 'abx']));
    const before: Tables = new Map(NAMES.map((name) => [name, rows]));
    const now = changed(before, [
      ['a', 7, 'new'],
      ['a', 2000, null],
      ['b', 1500, 'new'],
    ]);
    const earlier = await opened(await remember(new NumberedSite(before, undefined, false, 60_000).client()));
    expect(earlier?.get('a')?.ranges.map((range) => range.rows)).toEqual([3000]);
    const site = new NumberedSite(now, undefined, false, 60_000);
    const { client, kept } = withEarlier(site.client(), earlier, NO_RULES);
    expect(await collect(client)).toEqual(await collect(new NumberedSite(now).client()));
    expect(8999 - kept().rows).toBeLessThan(40);
    expect(site.asked.map(({ name }) => name)).toEqual(['a', 'a', 'b']);
  });

  it('become ranges that are as large as those of a first clone', async () => {
    const rows = new Map(Array.from({ length: 3000 }, (_, id) => [id, 'abx']));
    const before: Tables = new Map(NAMES.map((name) => [name, rows]));
    const now = changed(
      before,
      Array.from({ length: 20 }, (_, at): [string, number, string] => ['a', at * 97, 'new']),
    );
    const earlier = await opened(await remember(new NumberedSite(before, undefined, false, 10_000).client()));
    const { client } = withEarlier(new NumberedSite(now, undefined, false, 10_000).client(), earlier, NO_RULES);
    const baseline = await remember(client);
    const sizes = [...((await opened(baseline))?.get('a')?.ranges ?? [])].map(({ bytes }) => bytes);
    expect(sizes.length).toBeLessThanOrEqual(4);
  });

  it('come from the site with one request for each table when the earlier clone is gone meanwhile', async () => {
    const rows = new Map(Array.from({ length: 400 }, (_, id) => [id, 'abx']));
    const before: Tables = new Map(NAMES.map((name) => [name, rows]));
    const site = new NumberedSite(before);
    const baseline = await remember(new NumberedSite(before).client());
    const { client, kept } = withEarlier(site.client(), await opened(baseline), NO_RULES);
    rmSync(baseline, { recursive: true });
    expect(await collect(client)).toEqual(await collect(new NumberedSite(before).client()));
    expect(site.asked.map(({ name }) => name)).toEqual(NAMES);
    expect(kept().rows).toBe(0);
  });
});
