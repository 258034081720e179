import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { createPoolKeeper, type PoolPass } from '../../src/pool/keeper.ts';
import type { PoolSpec } from '../../src/pool/types.ts';
import { instancePaths } from '../../src/runtime/local/layout.ts';
import { homeOfTest } from '../support/local-test.ts';
import { workContext } from '../support/work.ts';

const spec = (php: string, changes: Partial<PoolSpec> = {}): PoolSpec => ({
  min: 1,
  max: 2,
  most: 4,
  recycle: 'never',
  phpVersions: [php],
  madeAfter: 0,
  mode: 'running',
  ...changes,
});
const deedsOf = ({ deeds }: PoolPass) => deeds.map(({ action, outcome }) => `${action.do} ${outcome}`);

test('a pool on this machine is filled, refilled after a claim, renewed when its units are of an older wpclone, and drained', async () => {
  const home = homeOfTest();
  const { units } = home.runtime;
  // Which PHP there is, is the machine's affair.
  const { name: first, phpVersion: php = '' } = await units.make({}, workContext());
  const keeper = createPoolKeeper(units, workContext());
  const pass = (changes: Partial<PoolSpec> = {}) => keeper.pass(spec(php, changes));
  expect(deedsOf(await pass())).toEqual([]);

  const request = { id: 'a', sourceUrl: 'https://www.a.example', expiresAt: Date.now() + 600_000 };
  const lease = await home.runtime.provision(request, workContext());
  expect(lease.instance.how).toBe('warm');
  // The second look comes before the new unit is listed: it is counted all the same.
  const passes = [await pass(), await pass()];
  expect(passes.map(deedsOf)).toEqual([['make begun'], []]);
  await keeper.settled();
  const [second] = (await units.list(workContext())).filter(({ state }) => state === 'WARM');
  expect(second?.name).not.toBe(first);

  const state = new Sqlite(join(home.home, 'state.db'));
  state.prepare("UPDATE instances SET revision = 'older' WHERE name = ?").run(second?.name);
  state.close();
  expect(await units.claim({ ...request, id: 'b' }, workContext())).toEqual({ outcome: 'none' });
  // The old one goes once there is a new one in its place.
  expect(deedsOf(await pass())).toEqual(['make begun']);
  await keeper.settled();
  expect(deedsOf(await pass())).toEqual(['retire done']);
  expect(existsSync(join(home.layout.instances, second?.name ?? ''))).toBe(false);

  expect(deedsOf(await pass({ mode: 'draining' }))).toEqual(['retire done']);
  // What holds a clone is not the pool's to remove.
  expect((await units.list(workContext())).map(({ cloneId }) => cloneId)).toEqual(['a']);
  await lease.remove(workContext());
});

test('a unit that cannot be handed out is set aside and another made; what cannot be made at all is not tried without end', async () => {
  const home = homeOfTest();
  const { units } = home.runtime;
  const { name, phpVersion: php = '' } = await units.make({}, workContext());
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const keeper = createPoolKeeper(units, { ...workContext(), now });
  writeFileSync(join(instancePaths(home.layout, name).www, 'left-behind.php'), '<?php');
  ahead = 31_000;
  expect(deedsOf(await keeper.pass(spec(php)))).toEqual(['validate done']);
  expect((await units.list(workContext())).map(({ state }) => state)).toEqual(['QUARANTINED']);
  expect(deedsOf(await keeper.pass(spec(php)))).toEqual(['make begun']);
  await keeper.settled();
  // Nobody looked at it in time.
  ahead = 2 * 3_600_000;
  expect(deedsOf(await keeper.pass(spec(php)))).toEqual(expect.arrayContaining(['retire done']));
  expect(existsSync(join(home.layout.instances, name))).toBe(false);

  // No machine has this PHP: what is made in its place is of no use to the sub-pool.
  const failing = createPoolKeeper(units, workContext());
  const tried: string[][] = [];
  let last: PoolPass | undefined;
  for (let look = 0; look < 5; look += 1) {
    last = await failing.pass(spec('9.9'));
    tried.push(deedsOf(last).filter((deed) => deed.startsWith('make')));
    await failing.settled();
  }
  // Three failures in a row, then a pause.
  expect(tried).toEqual([['make begun'], ['make begun'], ['make begun'], [], []]);
  expect(last?.breakers['9.9']).toMatchObject({ failures: 3, reason: expect.stringContaining('there is no PHP 9.9') });
});
