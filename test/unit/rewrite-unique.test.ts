import { expect, it } from 'vitest';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { createUniqueRows, type UniqueKey } from '../../src/transfer/rewrite/unique.ts';

const [HTTP, HTTPS, CLONE] = ['http://old.example', 'https://old.example', 'http://localhost:8101'];

/** What becomes of rows of one column, which is a key. */
function rewritten(values: readonly string[], length: number | null = null): string[] {
  const key: UniqueKey = [{ column: 0, length }];
  const rewriter = createRewriter({ from: [HTTPS, HTTP], to: [CLONE, CLONE], paths: [] });
  const block = Buffer.from(values.map((value) => `${value}\n`).join(''));
  return rewriter
    .rows(block, { skip: new Set(), unique: createUniqueRows([key]) })
    .toString()
    .split('\n')
    .slice(0, -1);
}

it('gives rows the new address that the source tells apart by more than their addresses', () => {
  const values = [`${HTTPS}/A`, `${HTTPS}/a`, `${HTTPS}/é`, `${HTTPS}/e`];
  expect(rewritten(values)).toEqual(values.map((value) => value.replace(HTTPS, CLONE)));
  expect(rewritten(values, 40)).toEqual(values.map((value) => value.replace(HTTPS, CLONE)));
});

it.each([
  ['case', '/Page', '/page'],
  ['accents', '/café', '/cafe'],
  ['composed letters', '/u\u0308ber', '/über'],
  ['a sharp s', '/straße', '/STRASSE'],
  ['blanks at the end', '/page', '/page  '],
])('keeps the address of a row that a server may take for another: %s', (_, one, other) => {
  expect(rewritten([HTTPS + one, HTTP + other])).toEqual([CLONE + one, HTTP + other]);
});

it('keeps the address of rows that differ behind what counts of a longer one', () => {
  const values = [`${HTTPS}/aaaa`, `${HTTPS}/aaab`, `${HTTPS}/aaAA`];
  expect(rewritten(values, 24)).toEqual([values[0]?.replace(HTTPS, CLONE), values[1], values[2]]);
});
