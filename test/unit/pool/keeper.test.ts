import { expect, test } from 'vitest';
import { createPoolKeeper } from '../../../src/pool/keeper.ts';
import type { UnitReport, Units } from '../../../src/runtime/units.ts';
import { workContext } from '../../support/work.ts';

const WISH = {
  min: 1,
  max: 2,
  most: 4,
  recycle: 'never',
  phpVersions: ['8.2'],
  madeAfter: 0,
  mode: 'running',
} as const;

test('a unit that is ready a moment before its maker hears of that is one unit, and stays', async () => {
  const work = workContext();
  const made = Promise.withResolvers<UnitReport>();
  let present: readonly UnitReport[] = [];
  const retired: string[] = [];
  // Stands for a cluster whose answer to the maker is late; real units are in test/integration and test/cluster.
  const units: Partial<Units> = {
    revision: () => Promise.resolve('now'),
    list: () => Promise.resolve(present),
    make: (_request, { jobId }) => {
      present = [{ ...unit, state: 'CREATING', leased: true, jobId }];
      return made.promise;
    },
    retire: (name) => Promise.resolve(void retired.push(name)),
  };
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
  const keeper = createPoolKeeper(units as Units, work);
  const pass = async () => (await keeper.pass(WISH)).deeds.map(({ action, outcome }) => `${action.do} ${outcome}`);
  expect(await pass()).toEqual(['make begun']);
  expect(await pass()).toEqual([]);
  present = [unit];
  expect(await pass()).toEqual([]);
  made.resolve(unit);
  await keeper.settled();
  expect(await pass()).toEqual([]);
  expect(retired).toEqual([]);
});
