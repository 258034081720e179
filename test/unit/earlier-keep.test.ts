import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dropUnwantedRows } from '../../src/runtime/local/earlier.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { moveRows } from '../../src/transfer/earlier/keep.ts';
import { openEarlier } from '../../src/transfer/earlier/open.ts';
import { takeTables } from '../../src/transfer/table-files/laid.ts';
import { makeTemp } from '../support/temp.ts';

const folder = makeTemp('kept-rows');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const HERE = 'http://127.0.0.1:8105';

/** As a transfer leaves it, with one table. */
function fill(baseline: string, rows: string, madeAt = 5): void {
  for (const part of ['origin', 'db']) mkdirSync(join(baseline, part), { recursive: true });
  const rewriter = { version: 1, mapping: { from: [], to: [HERE], paths: [] } };
  const refused = { rows: 0, complaints: 0, examples: [] };
  const of = { name: 'wp_a', columns: ['id'], key: ['id'], definition: '0'.repeat(64), ids: null };
  const tables = [{ ...of, copied: 'rows', rows: 0, bytes: 0, refused }];
  const facts = { version: 1, madeAt, source: '', tablePrefix: 'wp_', rowFormat: 1, tables, rewriter };
  const origin = { ...facts, leftOut: { said: [], more: 0 } };
  writeFileSync(join(baseline, 'origin/database.json'), JSON.stringify(origin));
  for (const file of ['ranges.jsonl', 'back.jsonl']) writeFileSync(join(baseline, 'origin', file), '');
  const schema = { version: 1, tables: [{ name: 'wp_a', file: '0.tsv' }], views: [], triggers: [] };
  writeFileSync(join(baseline, 'db/schema.json'), JSON.stringify(schema));
  writeFileSync(join(baseline, 'db/0.tsv'), rows);
}

it('rows that are kept make room for those of the next clone when they are damaged', async () => {
  const kept = join(folder, 'store/rows');
  fill(kept, 'old');
  writeFileSync(join(kept, 'origin/database.json'), '{');
  fill(join(folder, 'baseline'), 'new');
  expect(await moveRows({ baseline: join(folder, 'baseline') }, kept, signal)).toBe(true);
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

describe('tables as files, of a clone that was removed', () => {
  /** Removes a clone that has such tables. */
  async function remove(name: string, kept: string, madeAt: number): Promise<void> {
    const tables = join(folder, name, 'tables');
    mkdirSync(tables, { recursive: true });
    writeFileSync(join(tables, 'wp_a.ibd'), name);
    fill(join(folder, name, 'baseline'), name, madeAt);
    await moveRows({ baseline: join(folder, name, 'baseline'), tables }, kept, signal);
  }
  const info = { rowFormat: 1, tables: [] };
  const open = (kept: string) =>
    openEarlier([{ baseline: kept, tables: join(kept, 'tables') }], info, [HERE], undefined);

  it('go to the clone that opened its rows', async () => {
    const [kept, place] = [join(folder, 'one/rows'), { kept: join(folder, 'one/taken') }];
    await remove('first', kept, 5);
    const earlier = await open(kept);
    expect(earlier && (await takeTables(earlier, place))).toBe(true);
    expect(readFileSync(join(place.kept, 'wp_a.ibd'), 'utf8')).toBe('first');
  });

  it('are not taken for those of another one, which was removed after the rows were opened', async () => {
    const [kept, place] = [join(folder, 'two/rows'), { kept: join(folder, 'two/taken') }];
    await remove('older', kept, 5);
    const earlier = await open(kept);
    await remove('younger', kept, 6);
    expect(earlier && (await takeTables(earlier, place))).toBe(false);
    expect(existsSync(place.kept)).toBe(false);
  });
});
