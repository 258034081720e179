import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readdressing } from '../../src/transfer/earlier/readdress.ts';
import { startWayBack } from '../../src/transfer/origin/back.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { escapeField } from '../../src/transfer/rewrite/rows.ts';
import type { UrlMapping } from '../../src/transfer/rewrite/types.ts';

const FROM = ['https://example.com', 'https://www.example.com', 'http://127.0.0.1:8099/blog'];
const mappingTo = (origin: string): UrlMapping => ({
  from: FROM,
  to: FROM.map((url) => origin + (url.endsWith('/blog') ? '/blog' : '')),
  paths: [],
});
const [OLD, NEW] = [mappingTo('http://127.0.0.1:8100'), mappingTo('http://127.0.0.1:8257')];
const columns = { skip: new Set<number>() };

/** What a rewriter makes of rows, and how they come back. */
function made(rows: Buffer, mapping: UrlMapping) {
  const way = startWayBack();
  const bytes = createRewriter(mapping).rows(rows, columns, { replaced: way.of(rows) });
  return { bytes: Buffer.from(bytes), way: way.text() ?? undefined };
}

const address = fc
  .tuple(
    fc.constantFrom('https://', 'http://', '//', 'HTTPS://', ''),
    fc.constantFrom(
      'example.com',
      'www.example.com',
      'EXAMPLE.com',
      '127.0.0.1:8099/blog',
      '127.0.0.1:8100',
      '127.0.0.1:8257',
    ),
    fc.constantFrom('', '/', '/a/b.jpg', ':443/x', '.evil', '?q=1', '/blog/x', '8100', ' 8100 '),
  )
  .map((parts) => parts.join(''));
const spelled = fc.tuple(address, fc.nat(7)).map(([text, way]) => {
  const spellings = [
    text,
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll('/', String.raw`\/`),
    encodeURIComponent(text),
    encodeURIComponent(encodeURIComponent(text)),
    text.replaceAll(':', '&#58;').replaceAll('/', '&#x2f;'),
    text.replaceAll('/', String.raw`\u002f`).replaceAll(':', String.raw`\u003a`),
    `"${text}" '${text}' 8100`,
    text,
  ];
  return spellings[way] ?? text;
});
const serialized = (text: string): string => `a:1:{s:1:"k";s:${Buffer.byteLength(text)}:"${text}";}`;
const value = fc
  .tuple(fc.array(fc.oneof(spelled, fc.constantFrom(' ', '"', '\n', '8100', 'é')), { maxLength: 4 }), fc.nat(3))
  .map(([parts, way]) => {
    const text = parts.join('');
    return [text, serialized(text), serialized(serialized(text)), `x${serialized(text)}`][way] ?? text;
  });
const block = fc
  .array(fc.array(value, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 6 })
  .map((rows) => Buffer.from(rows.map((row) => `${row.map(escapeField).join('\t')}\n`).join('')));

it('rows at another port are what the rewriter makes of them, in whatever form an address stands, or are left to it', () => {
  const counts = { told: 0, left: 0 };
  fc.assert(
    fc.property(block, (rows) => {
      const { bytes, way } = made(rows, OLD);
      const isTold = readdressing(OLD.to, NEW)?.(bytes, way) === true;
      counts[isTold ? 'told' : 'left'] += 1;
      const expected = isTold ? made(rows, NEW) : { bytes, way };
      expect([bytes.toString('latin1'), way]).toEqual([expected.bytes.toString('latin1'), expected.way]);
    }),
    { numRuns: 1500 },
  );
  // It is of use only where that is the rule.
  expect(counts.told).toBeGreaterThan(counts.left);
});

it('is not tried where more than a port is another, and where an address may be taken for one of the source', () => {
  const isTried = (before: readonly string[], mapping: UrlMapping) => readdressing(before, mapping) !== undefined;
  expect(isTried(OLD.to, NEW)).toBe(true);
  expect(isTried(OLD.to, OLD)).toBe(false);
  for (const origin of [
    'http://127.0.0.1:81000',
    'https://127.0.0.1:8257',
    'http://127.0.0.2:8257',
    'http://127.0.0.1',
  ])
    expect(isTried(OLD.to, mappingTo(origin))).toBe(false);
  expect(isTried(OLD.to, { ...NEW, to: NEW.to.map((url) => `${url}/x`) })).toBe(false);
  expect(isTried(OLD.to.slice(1), NEW)).toBe(false);
  expect(isTried(['no address', ...OLD.to.slice(1)], NEW)).toBe(false);
  for (const port of [8100, 8257]) {
    const from = [`http://127.0.0.1:${port}`, ...FROM.slice(1)];
    expect(isTried(OLD.to, { ...NEW, from })).toBe(false);
  }
});

it('a way that leads beyond the rows is none', () => {
  const rows = Buffer.from('http://127.0.0.1:8100');
  for (const way of ['[["x"],[0,22,0]]', '[["x"],[22,0,0]]', '[[],[0,"x",0]]', 'null', '{}'])
    expect(readdressing(OLD.to, NEW)?.(Buffer.from(rows), way)).toBe(false);
});
