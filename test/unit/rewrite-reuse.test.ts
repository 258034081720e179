import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reusing } from '../../src/shared/reusing.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { escapeField } from '../../src/transfer/rewrite/rows.ts';

const mapping = {
  from: ['https://old.com'],
  to: ['http://localhost:8101'],
  paths: [{ from: '/var/www', to: '/srv/clone' }],
};
const columns = { skip: new Set<number>() };

const string = (text: string): string => `s:${Buffer.byteLength(text)}:"${text}";`;

/** Everything that is told in a place of its own: strings in strings, classes, JSON, lengths that are wrong, addresses in rare spellings. */
const address = fc.constantFrom(
  'https://old.com/a',
  '//old.com',
  'HTTP://Old.com:443',
  String.raw`https:\/\/old.com\/b`,
  String.raw`https:\\/\\/old.com`,
  'https%3A%2F%2Fold.com',
  '/var/www/x.png',
);
const piece = fc.oneof(address, fc.constantFrom('', 'plain', '\t', '\n', '\\', '"', '";', 'ü', 's:3:"'));
const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    tie('value').map(string),
    fc.tuple(text, tie('value')).map(([one, other]) => `a:2:{${string(one)}${string(other)}}`),
    tie('value').map((inner) => `C:3:"Own":${Buffer.byteLength(inner)}:{${inner}}`),
    tie('value').map((inner) => `s:${Buffer.byteLength(inner) + 1}:"${inner}";`),
    tie('value').map((inner) => JSON.stringify({ inner })),
  ),
}));
const rows = fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

const lines = (block: readonly (readonly string[])[]): string =>
  block.map((fields) => `${fields.map(escapeField).join('\t')}\n`).join('');

test('a rewriter that has seen other rows makes of a block what a new one makes of each of its values', () => {
  const used = createRewriter(mapping);
  fc.assert(
    fc.property(rows, (block) => {
      const before = { ...used.counts };
      const made = used.rows(Buffer.from(lines(block)), columns).toString();
      const alone = block.map((fields) =>
        fields.map((field) => {
          const rewriter = createRewriter(mapping);
          return { value: rewriter.value(Buffer.from(field)).toString(), ...rewriter.counts };
        }),
      );
      expect(made).toBe(lines(alone.map((fields) => fields.map((field) => field.value))));
      for (const count of ['replaced', 'broken'] as const)
        expect(used.counts[count] - before[count]).toBe(alone.flat().reduce((sum, field) => sum + field[count], 0));
    }),
    { numRuns: 150 },
  );
});

test('what was made of a block, and what was replaced in it, does not change when its memory holds the next one', () => {
  fc.assert(
    fc.property(fc.array(rows, { minLength: 2, maxLength: 4 }), (blocks) => {
      const rewriter = createRewriter(mapping);
      const { allocate } = reusing();
      const lent = Buffer.alloc(1 << 20);
      for (const block of blocks) {
        const replaced: number[] = [];
        const length = lent.write(lines(block));
        const made = rewriter.rows(lent.subarray(0, length), columns, {
          allocate,
          replaced: (...place) => void replaced.push(...place),
        });
        // Rows without a match are still those of the block; all others are to stand by themselves.
        const own = made.buffer === lent.buffer ? Buffer.from(made) : made;
        lent.fill(0xff);
        const fresh: number[] = [];
        const again = createRewriter(mapping).rows(Buffer.from(lines(block)), columns, {
          replaced: (...place) => void fresh.push(...place),
        });
        expect(own.toString()).toBe(again.toString());
        expect(replaced).toEqual(fresh);
      }
    }),
    { numRuns: 100 },
  );
});
