import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goBack, startWayBack } from '../../src/transfer/origin/back.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

const HOME = 'https://www.source.example';
const rewriter = createRewriter({
  from: [HOME, 'https://source.example'],
  to: ['http://127.0.0.1:8101', 'http://127.0.0.1:8101'],
  paths: [{ from: '/var/www/site', to: '/home/me/clones/a/www' }],
});
const columns = { skip: new Set([1]) };

const part = fc.oneof(
  fc.constantFrom(
    HOME,
    'http://SOURCE.example/ä',
    '/var/www/site/x',
    String.raw`https:\\/\\/source.example`,
    `s:26:"${HOME}";`,
    `s:9:"${HOME}";`,
  ),
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/[\\\t\n\r\0]/g, ' ')),
);
const row = fc.array(
  fc.array(part, { maxLength: 5 }).map((parts) => parts.join('')),
  { minLength: 3, maxLength: 3 },
);
const block = fc
  .array(row, { maxLength: 6 })
  .map((rows) => Buffer.from(rows.map((fields) => `${fields.join('\t')}\n`).join('')));

describe('rows of a clone come back to what the source sent', () => {
  it('byte for byte, whatever was rewritten', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), (blocks) => {
        const way = startWayBack();
        const made = blocks.map((each) => {
          const rows = rewriter.rows(each, columns, { replaced: way.of(each) });
          way.became(rows.length);
          return rows;
        });
        const source = Buffer.concat(blocks);
        const rows = Buffer.concat(made);
        const text = way.text();
        expect(way.bytes).toBe(rows.length);
        expect(typeof text === 'string' ? goBack(rows, text, source.length) : rows).toEqual(source);
      }),
      { numRuns: 500 },
    );
  });

  it('or not at all, when the way is another one', () => {
    const rows = Buffer.from('http://127.0.0.1:8101\n');
    const ways = ['[["a"],[0,21,0]]', '[["a"],[99,1,0]]', '[["a"],[0,99,0]]', `[["${'a'.repeat(99)}"],[0,21,0,0,0,0]]`];
    for (const way of ways) expect(goBack(rows, way, 27)).toBeUndefined();
  });
});
