import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dropUnwantedRows } from '../../src/runtime/local/earlier.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { moveRows } from '../../src/transfer/earlier/keep.ts';
import { makeTemp } from '../support/temp.ts';

const folder = makeTemp('kept-rows');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a transfer leaves it, without tables. */
function fill(baseline: string, rows: string): void {
  for (const part of ['origin', 'db']) mkdirSync(join(baseline, part), { recursive: true });
  const rewriter = { version: 1, mapping: { from: [], to: [], paths: [] } };
  const facts = { version: 1, madeAt: 5, source: '', tablePrefix: 'wp_', rowFormat: 1, tables: [], rewriter };
  const origin = { ...facts, leftOut: { said: [], more: 0 } };
  writeFileSync(join(baseline, 'origin/database.json'), JSON.stringify(origin));
  for (const file of ['ranges.jsonl', 'back.jsonl']) writeFileSync(join(baseline, 'origin', file), '');
  writeFileSync(join(baseline, 'db/schema.json'), '{"version":1,"tables":[],"views":[],"triggers":[]}');
  writeFileSync(join(baseline, 'db/0.tsv'), rows);
}

it('rows that are kept make room for those of the next clone when they are damaged', async () => {
  const kept = join(folder, 'store/rows');
  fill(kept, 'old');
  writeFileSync(join(kept, 'origin/database.json'), '{');
  fill(join(folder, 'baseline'), 'new');
  expect(await moveRows({ baseline: join(folder, 'baseline') }, kept)).toBe(true);
  expect(readFileSync(join(kept, 'db/0.tsv'), 'utf8')).toBe('new');
});

it('what a removal that was cut off has left of rows goes after an hour, also where rows are kept', async () => {
  const layout = localLayout(join(folder, 'home'));
  const store = join(layout.stores, 'one');
  for (const name of ['rows', 'rows.cut-off', 'rows.under-way']) mkdirSync(join(store, name), { recursive: true });
  const now = Date.now();
  for (const name of ['rows', 'rows.cut-off']) utimesSync(join(store, name), now / 1000 - 3700, now / 1000 - 3700);
  await dropUnwantedRows({ layout, keepRows: true }, now);
  const there = ['rows', 'rows.cut-off', 'rows.under-way'].map((name) => existsSync(join(store, name)));
  expect(there).toEqual([true, false, true]);
});
