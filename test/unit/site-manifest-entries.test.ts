import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { toEntry } from '../../src/site/manifest-entry.ts';
import { manifestEntriesSchema } from '../../src/site/protocol.ts';

const count = z.number().int().nonnegative();
const name = z.union([z.string(), z.object({ b: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/) })]);
/** What docs/PROTOCOL.md says of an entry, in zod's words. */
const said = z.array(
  z.union([
    z.tuple([name, z.enum(['f', 'd']), count, z.number(), z.number(), count]),
    z.tuple([name, z.enum(['l', 'x']), count, z.number(), z.number(), count, name]),
  ]),
);

const names = fc.oneof(fc.constantFrom('a/b.php', '', { b: '/w==' }, { b: 'no base64!' }, { b: 1 }, null), fc.string());
const numbers = fc.oneof(fc.nat(), fc.constantFrom(-1, 0.5, 1e300, Infinity, NaN, '1', null, undefined));
const kinds = fc.constantFrom('f', 'd', 'l', 'x', 'q', 1);
const whole = fc.tuple(names, kinds, numbers, numbers, numbers, numbers);
const entry = fc.oneof(
  whole,
  fc.tuple(whole, names).map(([first, extra]) => [...first, extra]),
  fc.tuple(names, fc.constantFrom('f', 'd'), fc.nat(), fc.nat(), fc.nat(), fc.nat()),
  fc.tuple(names, fc.constantFrom('l', 'x'), fc.nat(), fc.nat(), fc.nat(), fc.nat(), names),
  fc.constantFrom(null, {}, [], 'a'),
);

test('a list of files is understood exactly when each of its entries is as the protocol says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(entry, { maxLength: 3 }), fc.constantFrom(null, {}, 'a')), (list) => {
      expect(manifestEntriesSchema.safeParse(list).success).toBe(said.safeParse(list).success);
    }),
    { numRuns: 500 },
  );
});

test('a name that is no UTF-8 is read from its bytes, in a path and in the target of a link', () => {
  const [file, link] = manifestEntriesSchema.parse([
    [{ b: Buffer.from('a/b').toString('base64') }, 'f', 1, 2, 3, 0o644],
    ['a/link', 'l', 1, 2, 3, 0o777, { b: Buffer.from('b').toString('base64') }],
  ]);
  expect(toEntry('core', file!)).toMatchObject({ path: 'a/b', kind: 'file' });
  expect(toEntry('core', link!)).toMatchObject({ path: 'a/link', kind: 'symlink', target: 'b' });
});
