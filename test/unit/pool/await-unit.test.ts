import { expect, test } from 'vitest';
import { awaitUnit } from '../../../src/pool/await-unit.ts';
import type { UnitReport } from '../../../src/runtime/units.ts';
import { workContext } from '../../support/work.ts';

const unit = (state: UnitReport['state'], changes: Partial<UnitReport> = {}): UnitReport => ({
  name: 'unit-a',
  state,
  epoch: 1,
  phpVersion: '8.2',
  revision: 'now',
  uses: 0,
  createdAt: 0,
  stateSince: 0,
  leased: state !== 'WARM',
  unschedulable: false,
  ...changes,
});

/** What there is at each look; the last one stays. Time only passes while somebody sleeps. */
async function waiting(looks: readonly (readonly UnitReport[])[], php?: string) {
  let [now, look] = [0, -1];
  const units = {
    revision: () => Promise.resolve('now'),
    list: () => Promise.resolve(looks[Math.min((look += 1), looks.length - 1)] ?? []),
  };
  const sleep = (milliseconds: number): Promise<void> => {
    now += milliseconds;
    return Promise.resolve();
  };
  const waited = await awaitUnit(units, php, { ...workContext(), now: () => now, sleep });
  return { waited, now };
}

test('a clone that finds a warm unit, or none at all, does not wait', async () => {
  expect(await waiting([[unit('WARM')]])).toEqual({ waited: false, now: 0 });
  expect(await waiting([[]])).toEqual({ waited: false, now: 0 });
});

test('one that is being made for nobody is waited for', async () => {
  expect(await waiting([[unit('CREATING')], [unit('VALIDATING')], [unit('WARM')]])).toEqual({ waited: true, now: 400 });
});

test('nobody waits for what it cannot have: another clone’s, an old one, another PHP, one without room, one whose maker is dead', async () => {
  const others = [
    unit('CREATING', { cloneId: 'b' }),
    unit('CREATING', { revision: 'old' }),
    unit('CREATING', { phpVersion: '7.4' }),
    unit('CREATING', { unschedulable: true }),
    unit('CREATING', { leased: false }),
    unit('ASSIGNED'),
  ];
  expect(await waiting([others], '8.2')).toEqual({ waited: false, now: 0 });
});

test('a clone loses no more than five seconds, whoever is faster each time', async () => {
  expect(await waiting([[unit('CREATING')]])).toEqual({ waited: false, now: 5_000 });
  expect(await waiting([[unit('CREATING')], []])).toEqual({ waited: false, now: 200 });
});
