import { expect, test } from 'vitest';
import { newNote } from '../../../src/pool/note.ts';
import { poolReport } from '../../../src/pool/report.ts';
import { readPoolSpec, resolvePoolSpec } from '../../../src/pool/spec.ts';
import type { UnitReport } from '../../../src/runtime/units.ts';

const unit = (name: string, changes: Partial<UnitReport> = {}): UnitReport => ({
  name,
  state: 'CREATING',
  epoch: 0,
  revision: 'now',
  uses: 0,
  createdAt: 0,
  stateSince: 0,
  leased: true,
  unschedulable: false,
  ...changes,
});
const subPools = (php: readonly string[], units: readonly UnitReport[]) => {
  const spec = resolvePoolSpec(readPoolSpec(undefined), { php: [...php] }, 'local', ['8.2', '7.4']);
  const report = poolReport({ kind: 'local', spec, revision: 'now', units, note: newNote(0), now: 0 });
  return report.sub_pools.map(({ php: of, making, why }) => [of, making, why]);
};

test('a unit whose PHP is still being chosen is shown as being made', () => {
  const units = [unit('a'), unit('b', { phpVersion: '7.4' }), unit('c', { cloneId: 'of-a-clone' })];
  expect(subPools(['8.2', '7.4'], units)).toEqual([
    ['8.2', 1, null],
    ['7.4', 1, null],
  ]);
});

test('a sub-pool of a PHP that is not there is empty and says why', () => {
  expect(subPools(['8.2', '8.4'], [])).toEqual([
    ['8.2', 0, null],
    ['8.4', 0, 'no units can be kept of it: there is PHP 8.2, 7.4'],
  ]);
});

test('what was said of a pool holds at once, before its keeper has looked at it again', () => {
  const seen = (why: string | null, size: string) => ({
    ...newNote(0),
    keeper: 'the agent',
    lookedAt: 1,
    heldUp: why,
    sizes: { '8.2': { units: 1, why: size } },
  });
  const told = (mode: 'running' | 'paused' | 'draining', note: ReturnType<typeof seen>) => {
    const spec = { ...resolvePoolSpec(readPoolSpec(undefined), { php: ['8.2'] }, 'local', ['8.2']), mode };
    const report = poolReport({ kind: 'local', spec, revision: 'now', units: [], note, now: 2 });
    return [report.held_up, ...report.sub_pools.map(({ wanted, why }) => `${wanted} ${why}`)];
  };
  const drained = 'the pool is being drained';
  expect(told('running', seen(drained, drained))).toEqual([null, 'null null']);
  expect(told('draining', seen('the pool is paused', '1 needed'))).toEqual([drained, `0 ${drained}`]);
  expect(told('paused', seen(null, '1 needed'))).toEqual(['the pool is paused', '1 1 needed']);
  expect(told('running', seen('there is no room', '1 needed'))).toEqual(['there is no room', '1 1 needed']);
});
