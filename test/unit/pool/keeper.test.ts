import { expect, test } from 'vitest';
import { createPoolKeeper } from '../../../src/pool/keeper.ts';
import type { UnitReport, Units } from '../../../src/runtime/units.ts';
import { workContext } from '../../support/work.ts';

const SPEC = {
  min: 1,
  max: 2,
  most: 4,
  recycle: 'never',
  phpVersions: ['8.2'],
  madeAfter: 0,
  mode: 'running',
} as const;

/** Stands for a runtime of which one unit is being made; real units are in test/integration and test/cluster. */
function oneIsMade() {
  const work = workContext();
  const now = work.now();
  const unit: UnitReport = {
    name: 'unit-a',
    state: 'WARM',
    epoch: 0,
    phpVersion: '8.2',
    revision: 'now',
    uses: 0,
    createdAt: now,
    stateSince: now,
    provenAt: now,
    leased: false,
    unschedulable: false,
  };
  const made = Promise.withResolvers<UnitReport>();
  const retired: string[] = [];
  let present: readonly UnitReport[] = [];
  const units: Partial<Units> = {
    revision: () => Promise.resolve('now'),
    list: () => Promise.resolve(present),
    make: (_request, { jobId }) => {
      const { phpVersion: _, ...unknown } = unit;
      present = [{ ...unknown, state: 'CREATING', leased: true, jobId }];
      return made.promise;
    },
    retire: (name) => Promise.resolve(void retired.push(name)),
  };
  const keeper = createPoolKeeper(units as Units, work);
  const pass = async () => (await keeper.pass(SPEC)).deeds.map(({ action, outcome }) => `${action.do} ${outcome}`);
  return { keeper, pass, retired, unit, made, list: (seen: readonly UnitReport[]) => (present = seen) };
}

test('a unit whose PHP is not chosen yet counts as the one that was asked for, and no other is made', async () => {
  const { keeper, pass, unit, made } = oneIsMade();
  expect(await pass()).toEqual(['make begun']);
  expect(await pass()).toEqual([]);
  expect(await pass()).toEqual([]);
  made.resolve(unit);
  await keeper.settled();
});

test('a unit that is ready a moment before its maker hears of that is one unit, and stays', async () => {
  const { keeper, pass, retired, unit, made, list } = oneIsMade();
  expect(await pass()).toEqual(['make begun']);
  // It was listed in the making.
  expect(await pass()).toEqual([]);
  list([unit]);
  expect(await pass()).toEqual([]);
  made.resolve(unit);
  await keeper.settled();
  expect(await pass()).toEqual([]);
  expect(retired).toEqual([]);
});
