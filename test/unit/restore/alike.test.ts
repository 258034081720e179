import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withAlikeRows } from '../../../src/restore/merge/alike.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import { briefly, policy, threeWays, written, type Site } from '../../support/three-ways.ts';

/** Words that a plugin has found in pages, from a number on, and what they are in another language. */
const found = (first: number, words: readonly string[], translated: (word: string) => string = () => ''): Site => ({
  strings: words.map((original, index) => ({ id: String(first + index), original })),
  translations: words.map((word, index) => ({
    id: String(first + 100 + index),
    original_id: String(first + index),
    translated: translated(word),
  })),
});
const outcomes = (live: Site, clone: Site) => merge(withAlikeRows(threeWays({}, live, clone)), policy()).items;

it('what code gathered alike on both sides, and what refers to that, is nobody’s change', () => {
  expect(outcomes(found(1, ['a', 'b', 'b']), found(1_000_001, ['b', 'a', 'b']))).toEqual([]);
});

it('what the clone alone has goes', () => {
  const items = outcomes(found(1, ['a']), found(1_000_001, ['a', 'a', 'c']));
  expect(written(items, 'strings').map(({ original }) => original)).toEqual(['a', 'c']);
  expect(written(items, 'translations')).toHaveLength(2);
});

it('what somebody wrote in the clone goes with what it refers to', () => {
  const clone = found(1_000_001, ['a', 'b'], (word) => (word === 'b' ? 'B' : ''));
  const items = outcomes(found(1, ['a', 'b']), clone);
  expect(briefly(items)).toEqual({ 'row:strings/1000002': 'new', 'row:translations/1000102': 'new' });
});

it('of any rows, those that are left out stand on the live site, and none that is left out is referred to', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 });
  fc.assert(
    fc.property(words, words, fc.constantFrom('', 'a', 'b'), (there, here, own) => {
      const clone = found(1_000_001, here, (word) => (word === own ? 'own' : ''));
      const items = outcomes(found(1, there), clone);
      const strings = written(items, 'strings');
      const left = here.filter((_, index) => !strings.some(({ id }) => id === String(1_000_001 + index)));
      const missing = left.filter((word) => !there.includes(word));
      expect(missing).toEqual([]);
      const numbers = new Set(strings.map(({ id }) => id));
      for (const { original_id: id } of written(items, 'translations')) expect(numbers).toContain(id);
    }),
  );
});
