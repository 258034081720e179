import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { storesSize, trimStores } from '../../src/runtime/local/stores.ts';
import { openState } from '../../src/state/open.ts';
import { makeTemp } from '../support/temp.ts';

const MEGABYTE = 1_048_576;
const PARTS = ['packs', 'rows/db', 'rows/tables', 'rows/files/www'];
const folder = makeTemp('stores-tables');
const state = openState(folder, { now: Date.now, sleep: (milliseconds) => sleep(milliseconds), randomBytes });
afterAll(() => {
  state.close();
  rmSync(folder, { recursive: true, force: true });
});

it('where more is kept of sources than may be, tables as files and the files of a removed clone go before the rows, and before packs', async () => {
  const layout = localLayout(folder);
  const [older, younger] = [30, 10].map((minutesAgo) => {
    const store = join(layout.stores, `used-${minutesAgo}`);
    for (const part of PARTS) {
      mkdirSync(join(store, part), { recursive: true });
      writeFileSync(join(store, part, 'file'), Buffer.alloc(MEGABYTE, 1), { flush: true });
    }
    // About what takes the disk the list is asked.
    writeFileSync(join(store, 'rows/files/list.jsonl'), JSON.stringify(['file', `1 ${MEGABYTE} 1 1`, '']));
    const used = new Date(Date.now() - minutesAgo * 60_000);
    utimesSync(store, used, used);
    return (part: string) => existsSync(join(store, part));
  });
  const there = () => [older, younger].map((has) => PARTS.map((part) => has?.(part)));
  const context = { now: Date.now, signal: new AbortController().signal };
  const trimTo = (megabytes: number) =>
    trimStores({ layout, state, path: '', storesLimit: megabytes * MEGABYTE, keepRows: true }, context);
  const report = await trimTo(7.5);
  expect(there()).toEqual([
    [true, true, false, false],
    [true, true, true, true],
  ]);
  expect(report.freed_bytes).toBeGreaterThanOrEqual(MEGABYTE);
  expect(report.bytes).toBe(await storesSize(layout));
  await trimTo(3.5);
  expect(there()).toEqual([
    [false, false, false, false],
    [true, true, false, false],
  ]);
});

it.each(['1 x 1 1', `1 ${'9'.repeat(400)} 1 1`, ''])(
  'a damaged list of left files (%#) leaves what is kept a size',
  async (facts) => {
    const layout = localLayout(makeTemp('damaged-list'));
    const left = join(layout.stores, 'one/rows/files');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'list.jsonl'), `${JSON.stringify(['file', facts, ''])}\n`);
    expect(Number.isFinite(await storesSize(layout))).toBe(true);
  },
);
