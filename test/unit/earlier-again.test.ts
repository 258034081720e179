import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';
import { openEarlier } from '../../src/transfer/earlier/open.ts';
import { withEarlier } from '../../src/transfer/earlier/rows.ts';
import { startRecorder } from '../../src/transfer/origin/recorder.ts';
import { NumberedSite, sha256, type Tables } from '../support/numbered-site.ts';
import { makeTemp } from '../support/temp.ts';

const { signal } = new AbortController();
const reads: readonly TableRead[] = [{ name: 'a', columns: ['id', 'text'], key: ['id'] }];
const column = (name: string, type: string) => ({ name, type, charset: null, generated: false });
const columns = [column('id', 'int(11)'), column('text', 'text')];
const table = { name: 'a', engine: 'InnoDB', rows: 0, dataBytes: 0, definition: '', columns, key: ['id'] };
const info = { rowFormat: 1, tables: [table] };
const folder = makeTemp('again');
const RULES = sha256('rules');
const KEY = Buffer.from('a key of the home');
const recorded = reads.map((read) => ({ ...read, rules: RULES }));
/** Ranges of some 400 KB. */
const BLOCK = 400_000;
const site = (rows: ReadonlyMap<number, string>) =>
  new NumberedSite(new Map([['a', rows]]) satisfies Tables, undefined, false, BLOCK);
const rows = new Map(
  Array.from({ length: 120 }, (_, id) => [id, `x${String.fromCharCode(97 + (id % 20)).repeat(11_000)}`]),
);

/** Rewrites as a clone does: every x becomes yy. */
const rewritten = (text: string): string => text.replaceAll('x', 'yy');

/** Leaves what a clone of the site does. Returns its rows, and how many blocks were not made again. */
async function remember(client: Pick<SiteClient, 'rows'>, name: string, key = KEY) {
  const baseline = join(folder, name);
  mkdirSync(join(baseline, 'db'), { recursive: true });
  const recorder = await startRecorder(baseline, recorded, key);
  recorder.begin('a');
  let made = '';
  let remade = 0;
  const write = (text: string): void => {
    made += text;
    recorder.wrote('a', Buffer.from(text, 'latin1'));
  };
  const rewrite = (block: RowBlock): void => {
    const text = block.data.toString('latin1');
    const replaced = recorder.rewriting(block);
    const found = [...text.matchAll(/x/g)];
    for (const { index } of found) replaced(index, index + 1, 2);
    write(rewritten(text));
    recorder.block(block, found.length);
  };
  for await (const block of client.rows(reads, signal)) {
    if (!block.remade) {
      rewrite(block);
      continue;
    }
    remade += 1;
    write(block.remade.rows.toString('latin1'));
    recorder.remade(block, block.remade);
  }
  await recorder.close();
  const refused = { rows: 0, complaints: 0, examples: [] };
  const said = {
    name: 'a',
    columns: ['id', 'text'],
    key: ['id'],
    definition: sha256(''),
    copied: 'rows',
    rules: RULES,
  };
  const tables = [{ ...said, rows: 0, bytes: 0, ids: null, refused }];
  const rewriter = { version: 1, mapping: { from: [], to: [], paths: [] } };
  const leftOut = { said: [], more: 0 };
  const origin = { version: 1, madeAt: 1, source: '', tablePrefix: '', rowFormat: 1, rewriter, tables, leftOut };
  writeFileSync(join(baseline, 'origin/database.json'), JSON.stringify(origin));
  writeFileSync(join(baseline, 'db/a.tsv'), made, 'latin1');
  writeFileSync(join(baseline, 'db/schema.json'), JSON.stringify({ tables: [{ name: 'a', file: 'a.tsv' }] }));
  return { baseline, made, remade };
}

/** What becomes of the rows of a site for a clone with these rules. */
async function second(now: ReadonlyMap<number, string>, baseline: string, name: string, rules = RULES) {
  const earlier = await openEarlier([{ baseline }], info, [], KEY);
  const { client, kept } = withEarlier(site(now).client(), earlier?.tables, new Map([['a', rules]]));
  return { ...(await remember(client, name)), kept: kept() };
}

const expected = rewritten([...rows].map(([id, text]) => `${id}\t${text}\n`).join(''));
let first: Awaited<ReturnType<typeof remember>>;
beforeAll(async () => {
  first = await remember(site(rows).client(), 'first');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('by the same rules ranges that the site still has are not made again, and are remembered as they were', async () => {
  const again = await second(rows, first.baseline, 'again');
  expect(again.made).toBe(expected);
  expect(again.remade).toBe(3);
  expect(again.kept).toEqual({ rows: 120, urls: 3 * Math.ceil(BLOCK / 11_000) });
  for (const file of ['ranges.jsonl', 'back.jsonl'])
    expect(readFileSync(join(again.baseline, 'origin', file))).toEqual(
      readFileSync(join(first.baseline, 'origin', file)),
    );
  const third = await second(rows, again.baseline, 'third');
  expect([third.made, third.remade]).toEqual([expected, 3]);
});

it('rows that the code of a clone has written, with a digest of its own, are not taken for what was made', async () => {
  const forger = await remember(site(rows).client(), 'forger', Buffer.from('another key'));
  const next = await second(rows, forger.baseline, 'next');
  expect([next.made, next.remade]).toEqual([expected, 0]);
});

it('by other rules they are', async () => {
  const other = await second(rows, first.baseline, 'other', sha256('other rules'));
  expect([other.made, other.remade, other.kept.urls]).toEqual([expected, 0, 0]);
  expect(other.kept.rows).toBe(120);
});

it('a range of which something changed is made again, and others are not', async () => {
  const now = new Map([...rows].filter(([id]) => id !== 5)).set(60, 'xx new');
  const changed = await second(now, first.baseline, 'changed');
  expect(changed.made).toBe(
    rewritten(
      [...now]
        .toSorted(([one], [other]) => one - other)
        .map(([id, text]) => `${id}\t${text}\n`)
        .join(''),
    ),
  );
  expect(changed.remade).toBe(1);
});

it('a bit that flipped anywhere in what a clone remembers costs only time', async () => {
  const files = ['origin/ranges.jsonl', 'origin/back.jsonl', 'db/a.tsv'];
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      fc.nat(7),
      async (file, at, bit) => {
        const path = join(first.baseline, file);
        const good = readFileSync(path);
        const bad = Buffer.from(good);
        const place = Math.floor(at * bad.length);
        bad[place] = (bad[place] ?? 0) ^ (1 << bit);
        writeFileSync(path, bad);
        try {
          const { made } = await second(rows, first.baseline, `flipped-${number++ % 2}`);
          expect(made === expected).toBe(true);
        } finally {
          writeFileSync(path, good);
        }
      },
    ),
    { numRuns: 60 },
  );
});
