import { existsSync, linkSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytes } from '../../src/shared/format.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { storePath } from '../../src/runtime/local/layout.ts';
import { storesSize, trimStores } from '../../src/runtime/local/stores.ts';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { examine } from '../../src/operations/doctor/checks.ts';
import { leaseOf, makeReady, type TestHome } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';

const MEGABYTE = 1_048_576;
/** Where local-runtime.ts says that its clones come from. */
const SOURCE = 'https://www.a.example';

/** What is kept of a source: one pack of so many megabytes, last used so many minutes ago. Returns its folder. */
function keep({ layout }: TestHome, sourceUrl: string, megabytes: number, minutesAgo: number): string {
  const store = storePath(layout, sourceUrl);
  mkdirSync(join(store, 'packs'), { recursive: true });
  writeFileSync(join(store, 'packs/a.pack'), Buffer.alloc(megabytes * MEGABYTE, 1), { flush: true });
  const used = new Date(Date.now() - minutesAgo * 60_000);
  utimesSync(store, used, used);
  return store;
}

const trimTo = ({ layout, state, context }: TestHome, megabytes: number) =>
  trimStores({ layout, state, path: '', storesLimit: megabytes * MEGABYTE }, context);

test('what is kept of sources stays within its limit: what was unused for longest goes first', async () => {
  const home = homeOfTest();
  const stores = [30, 10, 20].map((ago, index) => keep(home, `https://${index}.example`, 4, ago));
  const report = await trimTo(home, 9);
  expect(stores.map((store) => existsSync(store))).toEqual([false, true, true]);
  expect(report.freed_bytes).toBeGreaterThanOrEqual(4 * MEGABYTE);
  expect(report).toMatchObject({ bytes: await storesSize(home.layout), limit_bytes: 9 * MEGABYTE });
});

test('files that a clone shares take no room of their own, and are not removed for room', async () => {
  const home = homeOfTest();
  const [shared, own] = [keep(home, 'https://shared.example', 8, 30), keep(home, 'https://own.example', 2, 10)];
  linkSync(join(shared, 'packs/a.pack'), join(home.home, 'as-in-a-baseline'));
  expect(await storesSize(home.layout)).toBeLessThan(3 * MEGABYTE);
  await trimTo(home, 1);
  expect([shared, own].map((store) => existsSync(store))).toEqual([true, false]);
});

test('nothing is taken from under a clone that is being made', async () => {
  const home = homeOfTest();
  const [busy, free] = [keep(home, SOURCE, 4, 30), keep(home, 'https://free.example', 4, 10)];
  const lease = await leaseOf(home, 'one');
  expect((await trimTo(home, 0)).bytes).toBeGreaterThanOrEqual(4 * MEGABYTE);
  expect([busy, free].map((store) => existsSync(store))).toEqual([true, false]);
  await lease.remove(home.context);
  await trimTo(home, 0);
  expect(existsSync(busy)).toBe(false);
});

test('when the last clone is deleted, what is left on the disk is within the limit', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const store = keep(home, SOURCE, 4, 0);
  const shared = join(home.paths('one').baseline, 'a.pack');
  mkdirSync(home.paths('one').baseline, { recursive: true });
  linkSync(join(store, 'packs/a.pack'), shared);
  const { state, context } = home;
  const runtime = createLocalRuntime({ home: home.home, state, keeper: ['true'], path: '', storesLimit: MEGABYTE });
  await runtime.remove('one', context);
  expect(await storesSize(home.layout)).toBe(0);
});

test('gc says what it freed and what stays, doctor what is kept and how much may be', async () => {
  const home = homeOfTest();
  keep(home, 'https://old.example', 4, 30);
  keep(home, 'https://new.example', 4, 10);
  const machine = { home: home.home, environment: process.env, sourcesLimit: 6 * MEGABYTE };
  const sources = async () =>
    (await examine({ ...machine, signal: home.context.signal }, 'demo')).find(({ name }) => name === 'sources');
  const size = await storesSize(home.layout);
  expect(await sources()).toMatchObject({ ok: false, required: false });
  expect((await sources())?.detail).toContain(`${bytes(size)} kept of sources`);
  const operations = createDirectOperations({ ...machine, runtime: 'local', kubernetes: {} });
  const report = await operations.collectGarbage(home.context);
  await operations.close();
  expect(report.sources).toMatchObject({ limit_bytes: 6 * MEGABYTE, bytes: size - (report.sources?.freed_bytes ?? 0) });
  expect(report.sources?.freed_bytes).toBeGreaterThanOrEqual(4 * MEGABYTE);
  expect(await sources()).toMatchObject({ ok: true });
  expect((await sources())?.detail).toContain('of at most 6.3 MB');
});
