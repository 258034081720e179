import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { earlierClones, keepRowsOf } from '../../src/runtime/local/earlier.ts';
import type { LocalHome } from '../../src/runtime/local/home.ts';
import { storePath } from '../../src/runtime/local/layout.ts';
import { holds } from '../../src/runtime/local/lease.ts';
import { ensureKeeper, keptVariables, runKeeper } from '../../src/runtime/local/keeper.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { trimStores } from '../../src/runtime/local/stores.ts';
import { leaseOf, makeReady, statusOf, type TestHome } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';

const SOURCE = 'https://www.a.example';
const keptIn = ({ layout }: TestHome): string => join(storePath(layout, SOURCE), 'rows');
const localHome = ({ layout, state }: TestHome, keepRows?: boolean): LocalHome => ({
  layout,
  state,
  path: '',
  ...(keepRows === undefined ? {} : { keepRows }),
});
const runtimeOf = ({ home, state }: TestHome, keepRows: boolean) =>
  createLocalRuntime({ home, state, keeper: ['true'], path: process.env['PATH'] ?? '', keepRows });

/** As a transfer leaves it, without tables. */
function fill(baseline: string, madeAt: number, address?: string): void {
  mkdirSync(join(baseline, 'origin'), { recursive: true });
  mkdirSync(join(baseline, 'db'), { mode: 0o700 });
  const mapping = { from: [], to: address === undefined ? [] : [address], paths: [] };
  const leftOut = { said: [], more: 0 };
  const facts = { version: 1, madeAt, source: SOURCE, tablePrefix: 'wp_', rowFormat: 1, tables: [], leftOut };
  writeFileSync(
    join(baseline, 'origin/database.json'),
    JSON.stringify({ ...facts, rewriter: { version: 1, mapping } }),
  );
  for (const file of ['ranges.jsonl', 'back.jsonl', 'configure.json'])
    writeFileSync(join(baseline, 'origin', file), '');
  writeFileSync(join(baseline, 'db/schema.json'), '{"version":1,"tables":[],"views":[],"triggers":[]}');
  writeFileSync(join(baseline, 'db/0.tsv'), `made at ${madeAt}\n`);
}

async function removed(home: TestHome, id: string, keepRows: boolean, madeAt = 1): Promise<void> {
  await makeReady(home, id);
  fill(home.paths(id).baseline, madeAt);
  await runtimeOf(home, keepRows).remove(id, home.context);
}

test('a deleted clone takes its rows with it, unless the setting says otherwise', async () => {
  const home = homeOfTest();
  await removed(home, 'one', false);
  expect(existsSync(keptIn(home))).toBe(false);
  await removed(home, 'two', true);
  expect(readdirSync(keptIn(home)).toSorted()).toEqual(['db', 'files', 'origin']);
  // What else a clone remembered goes.
  expect(readdirSync(join(keptIn(home), 'origin')).toSorted()).toEqual(['back.jsonl', 'database.json', 'ranges.jsonl']);
  for (const folder of ['', 'db', 'files', '..'].map((name) => join(keptIn(home), name)))
    expect(statSync(folder).mode & 0o077).toBe(0);
});

test('the rows of the clone that was made last are kept, and those of one that was never ready are not', async () => {
  const home = homeOfTest();
  const lease = await leaseOf(home, 'broken');
  fill(home.paths('broken').baseline, 9);
  await runtimeOf(home, true).remove('broken', home.context);
  await lease.remove(home.context);
  expect(existsSync(keptIn(home))).toBe(false);
  await removed(home, 'young', true, 5);
  const before = statSync(join(keptIn(home), 'db/0.tsv')).ino;
  await removed(home, 'old', true, 3);
  expect(statSync(join(keptIn(home), 'db/0.tsv')).ino).toBe(before);
  await removed(home, 'younger', true, 7);
  expect(statSync(join(keptIn(home), 'db/0.tsv')).ino).not.toBe(before);
});

test('they go when the setting is taken back, and stay for whoever knows nothing of it', async () => {
  const home = homeOfTest();
  await removed(home, 'one', true);
  mkdirSync(`${keptIn(home)}.cut-off`);
  await trimStores(localHome(home), home.context);
  expect(existsSync(keptIn(home))).toBe(true);
  await trimStores(localHome(home, false), home.context);
  expect([keptIn(home), `${keptIn(home)}.cut-off`].map((path) => existsSync(path))).toEqual([false, false]);
});

test('a keeper that runs already hears when the setting is taken back, and when it is set again', async () => {
  const home = homeOfTest();
  const stop = new AbortController();
  const kept: boolean[] = [];
  /** Another command makes a clone that ends at once, with the setting as it has it. */
  const other = async (id: string, keepRows: boolean): Promise<void> => {
    await makeReady(home, id, 0);
    fill(home.paths(id).baseline, 1);
    ensureKeeper(home.layout, ['false'], keptVariables({ keepRows }));
  };
  const between = [
    () => other('one', false),
    async () => void kept.push(existsSync(keptIn(home))),
    () => other('two', true),
    async () => void kept.push(existsSync(keptIn(home))),
    async () => stop.abort(),
  ];
  const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    if (milliseconds === 1_000) await between.shift()?.();
    else await delay(milliseconds);
    signal?.throwIfAborted();
  };
  const context = { ...home.context, signal: stop.signal, sleep };
  await expect(runKeeper(localHome(home, true), context)).rejects.toThrow(/abort/i);
  expect(kept).toEqual([false, true]);
});

test('a clone is removed, and its rows are kept, where nobody can say how much room the disk has', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  fill(home.paths('one').baseline, 1);
  const unit = await home.state.units.holding('one');
  if (!holds(unit)) throw new Error('it is gone');
  const unknown = { ...localHome(home, true), layout: { ...home.layout, home: join(home.layout.home, 'nothing') } };
  await keepRowsOf(unknown, unit, home.context);
  expect(readdirSync(keptIn(home)).toSorted()).toEqual(['db', 'origin']);
});

test('a new clone looks at the living ones of its source first, the newest before others', async () => {
  const home = homeOfTest();
  for (const id of ['one', 'two', 'new']) await makeReady(home, id);
  await home.alter('one', { clone: { createdAt: 2 } });
  await home.alter('two', { clone: { createdAt: 3 } });
  const unit = await home.state.units.holding('new');
  if (!holds(unit)) throw new Error('it is gone');
  const found = await earlierClones(localHome(home), unit);
  expect(found.map(({ baseline }) => baseline)).toEqual([
    home.paths('two').baseline,
    home.paths('one').baseline,
    keptIn(home),
  ]);
});

test('a unit that stood ready takes the address of the removed clone whose tables are kept, where that is free', async () => {
  const home = homeOfTest();
  const keeping = runtimeOf(home, true);
  const { context } = home;
  const before = await makeReady(home, 'one');
  fill(home.paths('one').baseline, 1, before);
  mkdirSync(join(home.layout.database.tables, databaseName(home.unit('one'))), { recursive: true });
  const { name: warm } = await keeping.units.make({}, context);
  const { name: other } = await keeping.units.make({}, context);
  await keeping.remove('one', context);
  expect(existsSync(join(keptIn(home), 'tables'))).toBe(true);
  const request = (id: string) => ({ id, sourceUrl: SOURCE, expiresAt: Date.now() + 600_000 });
  const claims = [
    await keeping.units.claim(request('two'), context),
    await keeping.units.claim(request('three'), context),
  ];
  const leases = claims.flatMap((claim) => (claim.outcome === 'claimed' ? [claim.lease] : []));
  expect([home.unit('two'), home.unit('three')].toSorted()).toEqual([warm, other].toSorted());
  const urls = leases.map(({ instance }) => instance.url);
  expect(urls[0]).toBe(before);
  expect(urls[1]).not.toBe(before);
  // Each is served at its own, and by nobody at the one that it left.
  for (const url of urls) expect(await statusOf(url)).toBe(503);
  for (const lease of leases) await lease.remove(context);
});
