import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOOK_SECTIONS } from '../../../src/instance/declared.ts';
import type { Look } from '../../../src/instance/types.ts';
import { compareWithGolden } from '../../../src/runtime/kubernetes/recycle/golden.ts';

const anyLook: fc.Arbitrary<Look> = fc.record(
  Object.fromEntries(LOOK_SECTIONS.map((section) => [section, fc.array(fc.string(), { maxLength: 5 })])),
) as fc.Arbitrary<Look>;
const bad = (golden: Look, now: Look) => compareWithGolden(golden, now).flatMap(({ check, ok }) => (ok ? [] : [check]));

test('a unit that is as it was is clean, in whatever order it tells of what there is', () => {
  fc.assert(
    fc.property(anyLook, (golden) => {
      const turned = Object.fromEntries(LOOK_SECTIONS.map((section) => [section, golden[section].toReversed()]));
      expect(bad(golden, turned as unknown as Look)).toEqual([]);
    }),
  );
});

test('whatever is more, less or once more than before is found, in its own place and in no other', () => {
  fc.assert(
    fc.property(anyLook, fc.constantFrom(...LOOK_SECTIONS), fc.string(), (golden, section, line) => {
      const more = { ...golden, [section]: [...golden[section], line] };
      expect(bad(golden, more)).toEqual([section]);
      expect(bad(more, golden)).toEqual([section]);
      expect(bad(more, { ...golden, [section]: [...golden[section], `${line}!`] })).toEqual([section]);
    }),
  );
});

test('what was found is said in a few words, however much and long it is', () => {
  const golden = Object.fromEntries(LOOK_SECTIONS.map((section) => [section, ['same']])) as unknown as Look;
  const lines = Array.from({ length: 50 }, (_, index) => `file ${index} ${'x'.repeat(500)}`);
  const found = compareWithGolden(golden, { ...golden, files: ['same', ...lines] });
  const detail = found.find(({ check }) => check === 'files')?.detail ?? '';
  expect(detail).toMatch(/^there is file 0 x+; there is file 1 .* and 47 more$/);
  expect(detail.length).toBeLessThan(600);
});
