import { expect, onTestFinished, test } from 'vitest';
import { keepPool } from '../../src/agent/daemon/pool.ts';
import { createPoolOperations, type PoolReport } from '../../src/operations/pool.ts';
import { awaitUnit } from '../../src/pool/await-unit.ts';
import { createPoolKeeper, type PoolPass } from '../../src/pool/keeper.ts';
import type { PoolSpec } from '../../src/pool/types.ts';
import type { Units } from '../../src/runtime/units.ts';
import { ABSENT_IMAGE, context, eventually, IMAGE, request, useNamespace } from './support.ts';

const namespace = useNamespace('pool');

const spec = (changes: Partial<PoolSpec> = {}): PoolSpec => ({
  min: 1,
  max: 2,
  most: 4,
  recycle: 'never',
  // One image for all, which does not tell its PHP.
  phpVersions: [''],
  madeAfter: 0,
  mode: 'running',
  ...changes,
});
const deedsOf = ({ deeds }: PoolPass) => deeds.map(({ action, outcome }) => `${action.do} ${outcome}`);

test('the same planner keeps a pool on a cluster: filled, refilled after a claim, renewed when the settings change, drained', async () => {
  const runtime = await namespace.runtime();
  const keeper = createPoolKeeper(runtime.units, context());
  const passes = [await keeper.pass(spec()), await keeper.pass(spec())];
  expect(passes.map(deedsOf)).toEqual([['make begun'], []]);
  await keeper.settled();
  const [first] = await runtime.units.list(context());
  expect(first?.state).toBe('WARM');

  await eventually(async () => {
    const conditions = (await namespace.get(`pods/${first?.name}`))?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? true : undefined;
  }, 'the kubelet says that it is ready');
  const lease = await runtime.provision(request(), context());
  expect(lease.instance.how).toBe('warm');
  expect(deedsOf(await keeper.pass(spec()))).toEqual(['make begun']);
  await keeper.settled();

  // Somebody sets other limits: units that were made without them go once there are others.
  const changed = await namespace.runtime({ storage: { site: '1Gi' } });
  const other = createPoolKeeper(changed.units, context());
  expect(deedsOf(await other.pass(spec()))).toEqual(['make begun']);
  await other.settled();
  expect(deedsOf(await other.pass(spec()))).toEqual(['retire done']);
  const warm = (await changed.units.list(context())).filter(({ state }) => state === 'WARM');
  expect(warm.map(({ revision }) => revision)).toEqual([await changed.units.revision(context())]);

  expect(deedsOf(await other.pass(spec({ mode: 'draining' })))).toEqual(['retire done']);
  await lease.remove(context());
  expect(await namespace.belongings()).toEqual([]);
});

test('whoever sees the namespace fills its pool, takes from it at once, and sees what its agent does', async () => {
  const runtime = await namespace.runtime();
  const resources = {
    runtime: () => Promise.resolve(runtime),
    state: () => Promise.reject(new Error('no state is needed')),
    close: () => Promise.resolve(),
  };
  const warm = ({ sub_pools: pools }: PoolReport): number => pools.reduce((sum, pool) => sum + pool.warm, 0);
  const alone = createPoolOperations({}, resources);
  // The usual size of a cluster's pool, made by the command itself.
  const set = await alone.set({ max: 3 }, context());
  expect([set.min, set.max, warm(set), set.kept_by]).toEqual([1, 3, 1, null]);
  // The kubelet need not have said that it is ready: the unit itself has.
  const first = await runtime.provision(request(), context());
  expect(first.instance.how).toBe('warm');

  const loop = keepPool(
    { runtime: () => Promise.resolve(runtime), sizes: {}, waiting: () => Promise.resolve(0), looked: () => undefined },
    context(),
  );
  onTestFinished(() => loop.stop());
  // Somebody else, who sees the same.
  const other = await namespace.runtime();
  const seen = createPoolOperations({}, { ...resources, runtime: () => Promise.resolve(other) });
  await eventually(async () => {
    const units = await other.units.list(context());
    return units.some(({ state, cloneId }) => state === 'CREATING' && cloneId === undefined) ? true : undefined;
  }, 'a unit is being made');
  // However long that takes on a busy machine: its patience is another test's.
  expect(await awaitUnit(other.units, undefined, { ...context(), now: () => 0 })).toBe(true);
  const second = await other.provision(request(), context());
  expect(second.instance.how).toBe('warm');
  const refilled = await eventually(async () => {
    const report = await seen.status(context());
    // The first one too, which came while nobody kept the pool.
    return report.clones.from_pool === 2 && warm(report) >= 1 ? report : undefined;
  }, 'the clones are counted, and a unit made in their place');
  expect(refilled.kept_by).toMatch(/^the agent on /);
  // Beside an agent a command only says what is to be done.
  await seen.act('drain', context());
  await eventually(async () => ((await seen.status(context())).units.length === 2 ? true : undefined), 'it is drained');
  await loop.stop();
  await Promise.all([first.remove(context()), second.remove(context())]);
  // A removal that the end of the agent cut short is the cluster's: what belongs to a pod goes with it.
  await eventually(async () => ((await namespace.belongings()).length === 0 ? true : undefined), 'nothing is left');

  const add = (before: string | undefined): string => String(Number(before ?? '0') + 1);
  const writers = [runtime, other].flatMap(({ documents }) =>
    Array.from({ length: 8 }, () => documents.change('sum', add, context())),
  );
  expect(new Set(await Promise.all(writers)).size).toBe(16);
});

test('of several images, one for each PHP, each has its own sub-pool; a clone takes the one that is nearest to its source, and an image that is not there leaves only its own sub-pool empty', async () => {
  // The same image under two versions: what is in it is not looked at, its version is what the settings say.
  const images = { '8.2': IMAGE, '8.1': IMAGE, '7.4': ABSENT_IMAGE };
  const runtime = await namespace.runtime({ image: undefined, images, provisionSeconds: 60 });
  // The planner's clock stands, however long all this takes: what waits for its time waits.
  const began = Date.now();
  const make: Units['make'] = (asked, work) => runtime.units.make(asked, { ...work, now: Date.now });
  const keeper = createPoolKeeper({ ...runtime.units, make }, context({ now: () => began }));
  const phpVersions = await runtime.units.phpVersions(context());
  expect(phpVersions).toEqual(['8.2', '8.1', '7.4']);
  const pass = () => keeper.pass(spec({ phpVersions, most: 6, max: 1 }));
  const madeOf = async () =>
    (await runtime.units.list(context())).filter(({ state }) => state === 'WARM').map(({ phpVersion }) => phpVersion);
  expect(deedsOf(await pass())).toEqual(['make begun', 'make begun', 'make begun']);
  await keeper.settled();
  expect(new Set(await madeOf())).toEqual(new Set(['8.1', '8.2']));
  // What fails three times in a row is left for a while, and keeps none of the others from being made.
  for (let tries = 1; tries < 3; tries += 1) {
    expect(deedsOf(await pass())).toEqual(['make begun']);
    await keeper.settled();
  }
  const last = await pass();
  expect(deedsOf(last)).toEqual([]);
  expect(last.plan.heldUp).toContain('units of PHP 7.4 could not be made 3 times');
  const older = await runtime.provision(request({ phpVersion: Promise.resolve('8.0.30') }), context());
  expect(older.instance.how).toBe('warm');
  expect(await madeOf()).toEqual(['8.2']);
  expect(deedsOf(await pass())).toEqual(['make begun']);
  await keeper.settled();
  expect(new Set(await madeOf())).toEqual(new Set(['8.1', '8.2']));
  await pass();
  const drained = await keeper.pass(spec({ phpVersions, mode: 'draining' }));
  expect(deedsOf(drained)).toEqual(['retire done', 'retire done']);
  await older.remove(context());
  expect(await namespace.belongings()).toEqual([]);
});
