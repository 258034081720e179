import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReading } from '../../src/transfer/rewrite/reading.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { Rewriter, RowColumns } from '../../src/transfer/rewrite/types.ts';
import { countWork } from '../support/work-count.ts';

const mapping = {
  from: ['https://old.com/blog', 'https://www.old.com/blog', 'https://müller.example'],
  to: ['http://localhost:8101/blog', 'http://localhost:8101/blog', 'http://localhost:8101'],
  paths: [{ from: '/var/www/html', to: '/data/www' }],
};

const ESCAPES = new Map([
  [0x5c, '\\\\'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x00, '\\0'],
]);
/** A row as the migrator writes it: fields end with TAB, the row with LF. */
const row = (values: readonly (Buffer | null)[]): Buffer =>
  Buffer.from(
    `${values
      .map((value) =>
        value === null ? '\\N' : Array.from(value, (byte) => ESCAPES.get(byte) ?? String.fromCharCode(byte)).join(''),
      )
      .join('\t')}\n`,
    'latin1',
  );

const slash = fc.constantFrom('/', '\\/', '\\\\\\/', '%2F', '%2f', '%252F', '\\u002f', '\\', '\n/', '/\t', '');
const url = fc
  .tuple(
    fc.constantFrom('https:', 'http:', 'https%3A', '', 'x:'),
    slash,
    fc.constantFrom('old.com', 'WWW.OLD.com', 'müller.example', String.raw`m\u00fcller.example`),
  )
  .map(([scheme, separator, host]) => `${scheme}${separator}${separator}${host}${separator}blog`);
const path = fc
  .tuple(fc.constantFrom('', 'C:'), slash)
  .map(([root, separator]) => [root, 'var', 'www', 'html'].join(separator));
const plainPiece = fc.oneof(
  url,
  path,
  fc.constantFrom(
    '\\',
    '\n',
    '\t',
    '\r',
    '\0',
    'n',
    'u',
    'u0041',
    '\\u0041',
    '.',
    ':',
    '80',
    '@',
    '-',
    '"',
    '/',
    'é',
    '%',
    '%41',
    'a',
  ),
);
const serialized = (content: string): string => `s:${Buffer.byteLength(content)}:"${content}";`;
const token = fc.array(plainPiece, { maxLength: 4 }).map((pieces) => serialized(pieces.join('')));
const piece = fc.oneof(
  { weight: 5, arbitrary: plainPiece },
  { weight: 2, arbitrary: token },
  token.map((inner) => serialized(`x${inner}y`)),
  token.map((inner) => serialized(JSON.stringify({ inner }))),
  token.map((inner) => `\n${inner.replace(':', ':1')}`),
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.from(pieces.join('')));
const noise = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const field = fc.oneof(
  text,
  noise,
  fc.tuple(noise, text, noise).map((parts) => Buffer.concat(parts)),
  fc.constant(null),
);

test.each([
  ['rows', (rewriter: Rewriter, block: Buffer, columns: RowColumns) => rewriter.rows(block, columns)],
  [
    'huge rows, in slices,',
    (rewriter: Rewriter, block: Buffer, columns: RowColumns) => Buffer.concat([...rewriter.hugeRows(block, columns)]),
  ],
])('%s come out as if each value had been rewritten on its own', (_, rewrite) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(field, field, field), { maxLength: 4 }),
      fc.constantFrom<number[]>([], [1], [0, 2]),
      (rows, skipped) => {
        const skip = new Set(skipped);
        // A huge row is one of more than these 8 bytes.
        const inRows = createRewriter(mapping, { bytes: 8, around: 512 });
        const alone = createRewriter(mapping);
        const result = rewrite(inRows, Buffer.concat(rows.map(row)), { skip });
        const expected = rows.map((values) =>
          row(values.map((value, column) => (value === null || skip.has(column) ? value : alone.value(value)))),
        );
        expect(result.toString('latin1')).toBe(Buffer.concat(expected).toString('latin1'));
        expect(inRows.counts).toEqual(alone.counts);
      },
    ),
    { numRuns: 5000 },
  );
});

const windows = { ...mapping, paths: [{ from: String.raw`C:\var\www`, to: '/data/www' }] };
/** PHP gets two bytes for each that is not ASCII. */
const latin1 = createReading({
  ascii: true,
  units: /[\x80-\xff]/g,
  convert: (unit) => Buffer.from(unit, 'utf8').toString('latin1'),
  write: (ascii) => ascii,
});
/** PHP gets one byte for every two. */
const wide = createReading({
  ascii: false,
  units: /[\s\S]{1,2}/g,
  convert: (unit) => unit.charAt(unit.length - 1),
  write: (ascii) => Array.from(ascii, (character) => `\0${character}`).join(''),
});
const widened = text.map((bytes) => Buffer.from(Array.from(bytes).flatMap((byte) => [0, byte])));

test('huge rows come out as others do, also from other character sets and with Windows paths', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(field, field, fc.oneof(field, widened)), { maxLength: 4 }),
      fc.constantFrom(mapping, windows),
      (values, of) => {
        const [atOnce, inSlices] = [createRewriter(of), createRewriter(of, { bytes: 8, around: 512 })];
        const block = Buffer.concat(values.map(row));
        const columns = {
          skip: new Set<number>(),
          readings: new Map([
            [1, latin1],
            [2, wide],
          ]),
        };
        const expected = atOnce.rows(block, columns).toString('latin1');
        expect(Buffer.concat([...inSlices.hugeRows(block, columns)]).toString('latin1')).toBe(expected);
        expect(inSlices.counts).toEqual(atOnce.counts);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a large value from another character set comes out the same, wherever it is cut', () => {
  const one = `é${serialized('//old.com/blog/ü')}`;
  const large = Buffer.from(serialized(`ä${one.repeat(9000)}`));
  const columns = { skip: new Set<number>(), readings: new Map([[0, wide]]) };
  for (const shift of [0, 1, 2, 3]) {
    const value = Buffer.concat([Buffer.from(' '.repeat(shift)), large]);
    const block = row([Buffer.from(Array.from(value).flatMap((byte) => [0, byte]))]);
    const expected = createRewriter(mapping).rows(block, columns);
    const inParts = Buffer.concat([...createRewriter(mapping).hugeRows(Buffer.from(block), columns)]);
    expect(inParts.equals(expected)).toBe(true);
    expect(expected.equals(block)).toBe(false);
  }
});

test('rewriting what has been rewritten changes nothing', () => {
  fc.assert(
    fc.property(text, (value) => {
      const rewriter = createRewriter(mapping);
      const once = rewriter.value(value);
      expect(rewriter.value(once)).toBe(once);
    }),
  );
  const inward = {
    from: ['https://old.com/blog'],
    to: ['https://old.com/blog/copy'],
    paths: [{ from: '/var/www/html', to: '/var/www/html/copy' }],
  };
  fc.assert(
    fc.property(text, (value) => {
      const once = createRewriter(inward).value(value);
      expect(createRewriter(inward).value(once)).toBe(once);
    }),
  );
});

test('a block without an address of the source is the very same buffer', () => {
  const block = row([Buffer.from('1'), Buffer.from('old.com'), null]);
  expect(createRewriter(mapping).rows(block, { skip: new Set() })).toBe(block);
});

test('columns to be left alone keep the address, in every row', () => {
  const block = Buffer.concat(
    [1, 2, 3].map((id) => row([Buffer.from(`//old.com/blog/?p=${id}`), Buffer.from('//old.com/blog')])),
  );
  const rewriter = createRewriter(mapping);
  const result = rewriter.rows(block, { skip: new Set([0]) }).toString();
  expect(result).toBe([1, 2, 3].map((id) => `//old.com/blog/?p=${id}\t//localhost:8101/blog\n`).join(''));
  expect(rewriter.counts).toEqual({ replaced: 3, broken: 0 });
});

const rewriteWork = (block: Buffer): number =>
  countWork(() => void createRewriter(mapping).rows(block, { skip: new Set() }));

test('work grows with the matches, not with the block for each of them', () => {
  const blockOf = (rows: number): Buffer =>
    Buffer.concat(Array.from({ length: rows }, () => row([Buffer.from('a //old.com/blog'.padEnd(100, 'x'))])));
  const small = rewriteWork(blockOf(2_000));
  expect(small).toBeGreaterThan(2_000);
  expect(rewriteWork(blockOf(20_000)) / small).toBeLessThan(12);
});

/** A row with an address inside so many serialized strings. */
function nested(depth: number): Buffer {
  const core = `${'\n'.repeat(10 * depth)}//old.com/blog`;
  let prefix = '';
  for (let length = core.length, level = 0; level < depth; level++) {
    prefix = `s:${length}:"${prefix}`;
    length += String(length).length + 6;
  }
  return row([Buffer.from(`${prefix}${core}${'";'.repeat(depth)}`)]);
}

test('hostile nesting in a row costs little work', () => {
  const lengthOfCore = 10 * 20_000 + '//localhost:8101/blog'.length;
  expect(createRewriter(mapping).rows(nested(20_000), { skip: new Set() }).toString()).toContain(`s:${lengthOfCore}:"`);
  const small = rewriteWork(nested(2_000));
  expect(small).toBeGreaterThan(2_000);
  expect(rewriteWork(nested(20_000)) / small).toBeLessThan(15);
});

test('base64 that holds an address is told of, once for each value, and left as it is', () => {
  const base64 = (plain: string): string => Buffer.from(plain).toString('base64');
  const [from] = mapping.from;
  const values = [
    base64(`<a href="${from}/x">`),
    `[vc_raw]${base64(`a ${from}`)}${base64(`bc ${from} and ${from}`)}[/vc_raw]`,
    base64(`xy{"u":"${from?.replaceAll('/', '\\/')}"}`),
    base64('mail me@old.example.com'),
    base64('nothing at all, however long it may be'),
  ];
  const told: number[] = [];
  const block = Buffer.from(values.map((value, index) => `${index}\t${value}\t${value}\n`).join(''));
  const columns = { skip: new Set([2]), encoded: (column: number) => void told.push(column) };
  expect(createRewriter(mapping).rows(block, columns)).toBe(block);
  expect(told).toEqual([1, 1, 1]);
  const inSlices = createRewriter(mapping, { bytes: 8, around: 512 }).hugeRows(block, columns);
  expect(Buffer.concat([...inSlices]).equals(block)).toBe(true);
  expect(told).toEqual([1, 1, 1, 1, 1, 1]);
});
