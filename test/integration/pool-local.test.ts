import { expect, onTestFinished, test } from 'vitest';
import { keepPool } from '../../src/agent/daemon/pool.ts';
import { createDirectOperations } from '../../src/operations/direct.ts';
import type { PoolReport } from '../../src/operations/pool.ts';
import { openResources } from '../../src/operations/resources.ts';
import type { PoolNote } from '../../src/pool/note.ts';
import { openState } from '../../src/state/open.ts';
import { leaseOf } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';
import { workContext } from '../support/work.ts';

function openPool() {
  const home = homeOfTest();
  const settings = { home: home.home, runtime: 'local' as const, kubernetes: {}, environment: process.env };
  const resources = openResources(settings);
  onTestFinished(() => resources.close());
  return { home, resources, settings, pool: createDirectOperations(settings, resources).pool };
}

const warm = ({ sub_pools: pools }: PoolReport): number => pools.reduce((sum, pool) => sum + pool.warm, 0);
const namesOf = ({ units }: PoolReport): string[] => units.map(({ name }) => name).toSorted();

test('without an agent, what is said of the pool is done once by the command that says it', async () => {
  const { pool, home } = openPool();
  const set = await pool.set({ min: 1, max: 1 }, workContext());
  expect([warm(set), set.kept_by, set.sub_pools[0]?.refill_seconds]).toEqual([1, null, expect.anything()]);
  const lease = await leaseOf(home, 'a');
  expect(lease.instance.how).toBe('warm');
  // Nobody makes another one by itself; the next command does.
  expect(warm(await pool.status(workContext()))).toBe(0);
  const [first] = (await pool.act('resume', workContext())).units.filter(({ state }) => state === 'WARM');
  const renewed = await pool.act('reset', workContext());
  expect([warm(renewed), namesOf(renewed).includes(first?.name ?? '')]).toEqual([1, false]);
  expect(namesOf(renewed)).toContain(home.unit('a'));
  const drained = await pool.act('drain', workContext());
  expect(namesOf(drained)).toEqual([home.unit('a')]);
  await lease.remove(workContext());
  await expect(pool.set({ min: 3 }, workContext())).rejects.toThrow(/at least 3 units and at most 1/);
  await expect(pool.set({ recycle: 'always' }, workContext())).rejects.toThrow(/no instance can be used again/);
  expect(await pool.status(workContext())).toMatchObject({ min: 1, recycle: 'never' });
});

test('an agent refills what clones take, obeys what is said meanwhile, counts, and is missed when it has gone', async () => {
  const { home, resources, settings } = openPool();
  let note: PoolNote | undefined;
  const loop = keepPool(
    {
      runtime: (context) => resources.runtime(context),
      sizes: { min: 1, max: 2 },
      waiting: () => Promise.resolve(0),
      looked: (_pass, seen) => (note = seen),
    },
    workContext(),
  );
  onTestFinished(() => loop.stop());
  const { pool } = createDirectOperations({ ...settings, pool: { min: 1, max: 2 } }, resources, loop.kick);
  const until = async (holds: (report: PoolReport) => boolean): Promise<PoolReport> => {
    for (let tries = 0; tries < 300; tries += 1) {
      const report = await pool.status(workContext());
      if (holds(report)) return report;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`It never came so far: ${JSON.stringify(await pool.status(workContext()))}`);
  };

  const filled = await until((report) => warm(report) === 1);
  const lease = await leaseOf(home, 'a');
  expect(lease.instance.how).toBe('warm');
  const refilled = await until((report) => warm(report) >= 1 && report.clones.from_pool === 1);
  expect(refilled.kept_by).toMatch(/^the agent on /);
  expect(refilled.events.map(({ what }) => what)).toEqual(expect.arrayContaining(['made', 'handed-out']));
  expect(note?.counted).toMatchObject({ warm: 1, made: 0 });

  await pool.act('reset', workContext());
  await until(
    (report) =>
      warm(report) >= 1 && !namesOf(report).some((name) => namesOf(refilled).includes(name) && name !== home.unit('a')),
  );
  await pool.act('drain', workContext());
  const drained = await until(({ units }) => units.length === 1);
  expect([namesOf(drained), drained.held_up]).toEqual([[home.unit('a')], 'the pool is being drained']);
  await pool.act('resume', workContext());
  await until((report) => warm(report) >= 1);
  expect(namesOf(filled)).toHaveLength(1);

  await loop.stop();
  expect((await pool.status(workContext())).kept_by).toBeNull();
  await lease.remove(workContext());
  // The next one goes on counting.
  const again = keepPool(
    {
      runtime: (context) => resources.runtime(context),
      sizes: {},
      waiting: () => Promise.resolve(0),
      looked: (_, seen) => (note = seen),
    },
    workContext(),
  );
  await until(({ kept_by: by }) => by !== null);
  await again.stop();
  expect(note?.counted).toMatchObject({ warm: 1, made: 0 });
});

test('of two processes that write a document at once neither takes back what the other wrote', async () => {
  const { home } = openPool();
  const other = openState(home.home, workContext());
  onTestFinished(() => other.close());
  const add = (before: string | undefined): string => String(Number(before ?? '0') + 1);
  const writers = [home.state, other].flatMap(({ documents }) =>
    Array.from({ length: 50 }, () => documents.change('sum', add)),
  );
  expect(new Set(await Promise.all(writers)).size).toBe(100);
  expect(await other.documents.find('sum')).toBe('100');
});
