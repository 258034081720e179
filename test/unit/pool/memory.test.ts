import { expect, test } from 'vitest';
import { createPoolMemory } from '../../../src/pool/memory.ts';
import { isKept, newNote, readNote } from '../../../src/pool/note.ts';
import type { UnitReport } from '../../../src/runtime/units.ts';

const NOW = 1_700_000_000_000;
const unit = (name: string, changes: Partial<UnitReport> = {}): UnitReport => ({
  name,
  state: 'WARM',
  epoch: 1,
  phpVersion: '8.2',
  revision: 'r',
  uses: 0,
  createdAt: NOW,
  stateSince: NOW,
  leased: false,
  unschedulable: false,
  ...changes,
});
const held = (name: string, cloneId: string, warm: boolean): UnitReport =>
  unit(name, { state: 'READY', cloneId, ...(warm ? { provenAt: NOW } : {}) });

test('a clone is counted once, whatever state it is seen in, and as one of the pool when its unit was ready before', () => {
  const memory = createPoolMemory(newNote(NOW));
  memory.observe([held('u0', 'before', true)], NOW);
  expect(memory.note().counted).toMatchObject({ warm: 0, made: 0 });
  for (const at of [NOW + 1, NOW + 2])
    memory.observe([held('u0', 'before', true), held('u1', 'a', true), held('u2', 'b', false)], at);
  expect(memory.note().counted).toMatchObject({ warm: 1, made: 1 });
  expect(memory.demand('8.2', 3, NOW + 2)).toMatchObject({ claimsTenMinutes: 2, claimsHalfMinute: 2, waiting: 3 });
  expect(memory.demand('8.2', 0, NOW + 60_000)).toMatchObject({ claimsTenMinutes: 2, claimsHalfMinute: 0 });
  expect(memory.demand('7.4', 0, NOW).claimsTenMinutes).toBe(0);
  // The same unit in its second life.
  memory.observe([held('u1', 'c', true)], NOW + 3);
  expect(memory.note().counted).toMatchObject({ warm: 2, made: 1 });
  expect(memory.note().events.map(({ what, unit: of }) => `${what} ${of}`)).toEqual([
    'handed-out u1',
    'missed u2',
    'handed-out u1',
  ]);
});

test('the next keeper goes on with what the one before had noted; what cannot be understood begins anew', () => {
  const memory = createPoolMemory(newNote(NOW));
  for (const [index, milliseconds] of [800, 1_200, 9_000].entries())
    memory.made({ name: `u${index}`, phpVersion: '' }, milliseconds, NOW);
  memory.failed('', 'no room', NOW);
  const next = createPoolMemory(readNote(JSON.stringify(memory.note()), NOW + 5));
  expect(next.demand('', 0, NOW).refillTime).toBe(9_000);
  expect(next.note()).toMatchObject({ breakers: { '': { failures: 1, reason: 'no room' } }, counted: { since: NOW } });
  for (const content of [undefined, '', 'null', '{"keeper":3}', '[]'])
    expect(readNote(content, NOW)).toEqual(newNote(NOW));
});

test('a clone that came while one keeper gave way to the next is counted once, and as of the moment in which it came', () => {
  const before = createPoolMemory(newNote(NOW));
  before.observe([held('u0', 'old', true)], NOW);
  const next = createPoolMemory(readNote(JSON.stringify(before.note()), NOW));
  const came = { ...held('u1', 'new', true), stateSince: NOW + 60_000 };
  for (const at of [NOW + 240_000, NOW + 250_000]) next.observe([held('u0', 'old', true), came], at);
  expect(next.note().counted).toMatchObject({ warm: 1, made: 0 });
  expect(next.demand('8.2', 0, NOW + 240_000)).toMatchObject({ claimsTenMinutes: 1, claimsHalfMinute: 0 });
  const third = createPoolMemory(readNote(JSON.stringify(next.note()), NOW));
  third.observe([held('u0', 'old', true), came], NOW + 260_000);
  expect(third.note().counted).toMatchObject({ warm: 1 });
});

test('however long a pool is kept, its note stays small', () => {
  const memory = createPoolMemory(newNote(NOW));
  for (let index = 0; index < 3_000; index += 1) {
    memory.observe([held(`u${index}`, `c${index}`, true)], NOW + index);
    memory.made({ name: `unit-${index}`, phpVersion: '8.2' }, 1_000, NOW);
  }
  expect(memory.note().counted.warm).toBe(2_999);
  // A Secret of a cluster holds a megabyte.
  expect(JSON.stringify(memory.note()).length).toBeLessThan(60_000);
});

test('a keeper that has not looked for a minute, or has said that it leaves, keeps nothing', () => {
  const note = { ...newNote(NOW), keeper: 'an agent', lookedAt: NOW };
  expect(isKept(note, NOW + 59_000)).toBe(true);
  expect(isKept(note, NOW + 61_000)).toBe(false);
  expect(isKept({ ...note, keeper: null }, NOW)).toBe(false);
});
