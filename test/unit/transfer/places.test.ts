import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSafePath, linkTarget } from '../../../src/transfer/files/places.ts';
import { globMatcher, pathMatcher } from '../../../src/transfer/glob.ts';

const segment = fc.constantFrom('a', 'b', 'c', '..', '.', '', '...', 'ä');
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
const name = fc.constantFrom('a', 'b', 'c');
const place = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));

test('a path that is taken for safe stays below the folder it is joined to', () => {
  fc.assert(
    fc.property(path, (candidate) => {
      fc.pre(isSafePath(candidate));
      expect(posix.join('/root', candidate)).toBe(`/root/${candidate}`);
    }),
  );
  expect(['a/../b', '/a', 'a/', 'a\0', 'a\\b', '.', ''].filter(isSafePath)).toEqual([]);
});

test('a link’s target, wherever it is written, leads to the same place, within its root, with all steps up in front', () => {
  fc.assert(
    fc.property(place, path, fc.nat(3), (link, target, depth) => {
      const root = link
        .split('/')
        .slice(0, Math.min(depth, link.split('/').length - 1))
        .join('/');
      const written = linkTarget(link, target, root);
      const resolved = posix.join('/top', posix.dirname(link), target);
      if (written === undefined) return;
      expect(posix.join('/top', posix.dirname(link), written).replace(/\/$/, '')).toBe(resolved.replace(/\/$/, ''));
      expect(`${resolved}/`.startsWith(posix.join('/top', root, '/'))).toBe(true);
      const steps = written.split('/');
      expect(steps.slice(steps.findIndex((step) => step !== '..')).includes('..')).toBe(
        steps.every((step) => step === '..'),
      );
    }),
  );
});

test('a link that leads out of its root is refused', () => {
  expect(linkTarget('wp-content/x', '../..', '')).toBeUndefined();
  expect(linkTarget('wp-content/x', '../y', 'wp-content')).toBeUndefined();
  expect(linkTarget('a/b', 'c/../../../d', '')).toBeUndefined();
  expect(linkTarget('a/b', '/etc/passwd', '')).toBeUndefined();
  expect(linkTarget('a/b', '../c', '')).toBe('../c');
  expect(linkTarget('a/b', '..', '')).toBe('..');
});

test.each([
  ['*.log', 'a.log', true],
  ['*.log', 'dir/a.log', false],
  ['**/*.log', 'dir/sub/a.log', true],
  ['**/*.log', 'a.log', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[ab]x', 'bx', true],
  ['[!ab]x', 'bx', false],
  ['a.c', 'abc', false],
  ['wp_(x)+', 'wp_(x)+', true],
  ['/lead/', 'lead', true],
  ['a[', 'a[', true],
])('%s matches %s: %s', (glob, text, matches) => {
  expect(globMatcher(glob)(text)).toBe(matches);
});

test('a set may hold ranges; one that is the wrong way round holds nothing', () => {
  const matching = (glob: string) => ['a', 'm', 'z', '-', '/'].filter(globMatcher(glob)).join('');
  expect(['[a-m]', '[!a-m]', '[z-a]', '[a-]', '[!z-a]'].map(matching)).toEqual(['am', 'z-', '', 'a-', 'amz-']);
});

/** What a glob means, by trying everything: for short ones only. */
function means(glob: string, text: string): boolean {
  if (glob === '') return text === '';
  const rests = Array.from({ length: text.length + 1 }, (_, taken) => taken);
  if (glob.startsWith('**/')) {
    const folders = rests.filter((taken) => taken === 0 || /^([^/]+\/)+$/.test(text.slice(0, taken)));
    return folders.some((taken) => means(glob.slice(3), text.slice(taken)));
  }
  if (glob.startsWith('**')) return rests.some((taken) => means(glob.slice(2), text.slice(taken)));
  if (glob.startsWith('*')) {
    return rests.some((taken) => !text.slice(0, taken).includes('/') && means(glob.slice(1), text.slice(taken)));
  }
  const [first = '', char = ''] = [glob[0], text[0]];
  return char !== '' && (first === '?' ? char !== '/' : first === char) && means(glob.slice(1), text.slice(1));
}

test('a glob matches what it means', () => {
  const glob = fc
    .array(fc.constantFrom('a', 'b', '/', '*', '?', '**', '**/'), { maxLength: 7 })
    .map((parts) => parts.join('').replace(/^\/+/, '').replace(/\/+$/, ''));
  const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }).map((chars) => chars.join(''));
  fc.assert(
    fc.property(glob, text, (pattern, given) => {
      expect(globMatcher(pattern)(given)).toBe(means(pattern, given));
    }),
    { numRuns: 2000 },
  );
});

test('a hostile pattern takes no longer than its length and the text’s ask for', () => {
  const text = `${'a/'.repeat(500)}c`;
  for (const pattern of ['**a', '*a', '**/', '**/*a', '*', '?*'].map((part) => `${part.repeat(100)}b`)) {
    const began = performance.now();
    expect([globMatcher(`${pattern}c`)(text), pathMatcher([pattern])(`${text}b/b`)]).toEqual([
      false,
      expect.any(Boolean),
    ]);
    expect(performance.now() - began).toBeLessThan(1000);
  }
});

test('a folder that matches takes along what is below it', () => {
  const matches = pathMatcher(['wp-content/uploads/priv*', '**/node_modules']);
  expect(
    ['wp-content/uploads/private/a/b', 'x/node_modules/y', 'wp-content/uploads/pub', 'node_modulesx'].map(matches),
  ).toEqual([true, true, false, false]);
  expect(pathMatcher([])('a')).toBe(false);
});
