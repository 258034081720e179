import { expect, test } from 'vitest';
import type { PoolEvent } from '../../../src/pool/note.ts';
import { createRecycling } from '../../../src/pool/recycling.ts';
import type { Units } from '../../../src/runtime/units.ts';
import { unitBusy } from '../../../src/runtime/unit-states.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { workContext } from '../../support/work.ts';

test('what became of a unit that was to be used again is told, once for each time, and nothing of one that somebody else has', async () => {
  const events: PoolEvent[] = [];
  const answers: Record<string, () => ReturnType<NonNullable<Units['recycle']>>> = {
    clean: () => Promise.resolve([{ check: 'files', ok: true, detail: '' }]),
    dirty: () => Promise.resolve([{ check: 'files', ok: false, detail: 'there is a plugin' }]),
    silent: () => Promise.reject(new WpcloneError('SERVER_FAILED', 'It does not answer.')),
    taken: () => Promise.reject(unitBusy('taken', 'RESETTING')),
  };
  let ended = 0;
  const recycle: Units['recycle'] = (name) => answers[name]?.() ?? Promise.reject(new Error(name));
  const memory = { happened: (event: PoolEvent) => void events.push(event) };
  const recycling = createRecycling({ recycle }, memory, () => (ended += 1), workContext());
  expect(Object.keys(answers).map((unit) => recycling.begin(unit))).toEqual(['begun', 'begun', 'begun', 'begun']);
  expect(recycling.begin('clean')).toBe('left');
  await recycling.settled();
  const told = events.map(({ unit, what, why }) => `${unit} ${what}: ${why.replace(/[\d.]+ s$/, 'N s')}`);
  expect(told.toSorted()).toEqual([
    'clean recycled: proven clean in N s',
    'dirty quarantined: not clean: files there is a plugin',
    'silent quarantined: It does not answer.',
  ]);
  const results = events.map(({ unit, result, checks }) => [unit, result, checks]);
  expect(results).toEqual([
    ['clean', 'clean', undefined],
    ['dirty', 'dirty', ['files']],
    ['silent', 'unproven', undefined],
  ]);
  expect([ended, recycling.begin('clean')]).toEqual([4, 'begun']);
  await recycling.settled();
});

test('a runtime that cannot do that is not asked for it', () => {
  const recycling = createRecycling({}, { happened: () => undefined }, () => undefined, workContext());
  expect(recycling.begin('a')).toBe('left');
});
