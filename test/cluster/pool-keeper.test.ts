import { expect, test } from 'vitest';
import { createPoolKeeper, type PoolPass, type PoolWish } from '../../src/pool/keeper.ts';
import { context, eventually, request, useNamespace } from './support.ts';

const namespace = useNamespace('pool');

const wish = (changes: Partial<PoolWish> = {}): PoolWish => ({
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
  const passes = [await keeper.pass(wish(), new Map()), await keeper.pass(wish(), new Map())];
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
  expect(deedsOf(await keeper.pass(wish(), new Map()))).toEqual(['make begun']);
  await keeper.settled();

  // Somebody sets other limits: units that were made without them go once there are others.
  const changed = await namespace.runtime({ storage: { site: '1Gi' } });
  const other = createPoolKeeper(changed.units, context());
  expect(deedsOf(await other.pass(wish(), new Map()))).toEqual(['make begun']);
  await other.settled();
  expect(deedsOf(await other.pass(wish(), new Map()))).toEqual(['retire done']);
  const warm = (await changed.units.list(context())).filter(({ state }) => state === 'WARM');
  expect(warm.map(({ revision }) => revision)).toEqual([await changed.units.revision(context())]);

  expect(deedsOf(await other.pass(wish({ mode: 'draining' }), new Map()))).toEqual(['retire done']);
  await lease.remove(context());
  expect(await namespace.belongings()).toEqual([]);
});
