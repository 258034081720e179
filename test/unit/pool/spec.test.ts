import { expect, test } from 'vitest';
import { readPoolSpec, refuseLacking, resolvePoolSpec } from '../../../src/pool/spec.ts';

const NOTHING = readPoolSpec(undefined);

test('a cluster keeps one to two units, this machine none, unless somebody says otherwise', () => {
  expect(resolvePoolSpec(NOTHING, {}, 'kubernetes', [''])).toMatchObject({
    min: 1,
    max: 2,
    phpVersions: [''],
    mode: 'running',
  });
  expect(resolvePoolSpec(NOTHING, {}, 'local', ['8.2', '7.4'])).toMatchObject({ min: 0, max: 0, phpVersions: ['8.2'] });
});

test('what was said with a command comes before the settings, and one number brings the other along where nobody said it', () => {
  const spec = (stored: object, settings: object) =>
    resolvePoolSpec({ ...NOTHING, ...stored }, settings, 'kubernetes', ['8.2', '7.4']);
  expect(spec({}, { min: 3 })).toMatchObject({ min: 3, max: 3 });
  expect(spec({ min: 5 }, { min: 3, max: 9 })).toMatchObject({ min: 5, max: 9 });
  expect(spec({ max: 0 }, {})).toMatchObject({ min: 0, max: 0 });
  expect(spec({ php: ['7.4'] }, { php: ['8.2'] }).phpVersions).toEqual(['7.4']);
});

test('what cannot be is refused with the reason', () => {
  const spec = (settings: object, versions: readonly string[]) => () =>
    refuseLacking(resolvePoolSpec(NOTHING, settings, 'kubernetes', versions), versions);
  expect(spec({ min: 3, max: 1 }, [''])).toThrow(/at least 3 units and at most 1/);
  expect(spec({ php: ['8.4'] }, ['8.2'])).toThrow(/PHP 8\.4: there is PHP 8\.2/);
  expect(spec({ php: ['8.2'] }, [''])).toThrow(/one image serves all clones/);
});

test('a PHP that was there once, or is elsewhere, keeps nobody from the others', () => {
  const spec = resolvePoolSpec(NOTHING, { php: ['8.4', '7.4'] }, 'kubernetes', ['8.2', '7.4']);
  expect(spec.phpVersions).toEqual(['7.4']);
  expect(spec.lacking).toEqual([{ php: '8.4', why: 'no units can be kept of it: there is PHP 8.2, 7.4' }]);
  expect(resolvePoolSpec(NOTHING, { php: ['8.2'] }, 'kubernetes', ['']).phpVersions).toEqual([]);
});

test('a spec of a newer wpclone is not overwritten by one that does not understand it', () => {
  expect(() => readPoolSpec('{"mode":"sleeping"}')).toThrow(/newer wpclone/);
  expect(() => readPoolSpec('{"standby":3}')).toThrow(/newer wpclone/);
});
