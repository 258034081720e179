import { expect, it, onTestFinished } from 'vitest';
import { localLayout } from '../../src/runtime/local/layout.ts';
import type { LocalHome } from '../../src/runtime/local/home.ts';
import { leaseForReset, leaseForRestore } from '../../src/runtime/local/lease.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/types.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

const RENEWED = 5_000_000_000_000;

/** A home with a clone that is ready, in which somebody else does something just before a unit is changed for the first time. */
async function homeWhere(first: (state: State) => Promise<unknown>): Promise<LocalHome> {
  const home = makeTemp('lease');
  const state = openState(home, workContext());
  onTestFinished(() => state.close());
  const clone = { id: 'shop', sourceUrl: 'https://a.example', expiresAt: RENEWED - 1 };
  const made = {
    name: 'unit-1',
    state: 'CREATING' as const,
    revision: 'r',
    databasePassword: 'x',
    lease: null,
    epoch: 1,
  };
  const unit = await state.units.create(made, clone, { first: 8101, last: 8109, avoid: new Set() });
  await state.units.change(unit, { state: 'READY' });
  let met = false;
  const change: State['units']['change'] = async (seen, changes) => {
    if (!met) await first(state);
    met = true;
    return state.units.change(seen, changes);
  };
  return { layout: localLayout(home), state: { ...state, units: { ...state.units, change } }, path: '' };
}
const shopIn = async (state: State) => {
  const unit = await state.units.holding('shop');
  if (unit === undefined) throw new Error('no clone');
  return unit;
};
const renew = async (state: State) => state.units.change(await shopIn(state), { clone: { expiresAt: RENEWED } });

it.each([
  ['a restore', leaseForRestore],
  ['a reset', leaseForReset],
] as const)('%s gets a clone whose end is moved at this moment', async (_, lease) => {
  const taken = await lease(await homeWhere(renew), 'shop', workContext());
  expect(taken).toMatchObject({ epoch: 2, clone: { expiresAt: RENEWED }, lease: { pid: process.pid } });
});

it('who comes after another job hears that it is busy, also when both had seen it free', async () => {
  const context = workContext();
  const home = await homeWhere((state) =>
    leaseForRestore({ layout: localLayout('/'), state, path: '' }, 'shop', { ...context, jobId: 'other' }),
  );
  expect(await failureOf(leaseForRestore(home, 'shop', context))).toMatchObject({ code: 'BUSY' });
});

it('the end of a clone can be moved at the moment when a job takes it', async () => {
  const { layout, state } = await homeWhere((inner) =>
    leaseForRestore({ layout: localLayout('/'), state: inner, path: '' }, 'shop', workContext()),
  );
  const runtime = createLocalRuntime({ home: layout.home, state, keeper: ['true'], path: '' });
  expect(await runtime.extend('shop', RENEWED, workContext())).toMatchObject({ id: 'shop', expiresAt: RENEWED });
});
