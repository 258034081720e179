import { expect, test } from 'vitest';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

const mapping = { from: ['https://old.com'], to: ['http://localhost:8101'], paths: [{ from: '/var/www', to: '/d' }] };
const string = (text: string): string => `s:${Buffer.byteLength(text)}:"${text}";`;

function rewrite(text: string): { text: string; replaced: number; broken: number } {
  const rewriter = createRewriter(mapping);
  return { text: rewriter.value(Buffer.from(text)).toString(), ...rewriter.counts };
}

const OLD = 'https://old.com/ü🖖';
const NEW = 'http://localhost:8101/ü🖖';
const nested = (text: string): string => string(`a:1:{i:0;${string(text)}}`);

/** Escapes of one, two and twelve signs at every distance from the places where 64 KiB end. */
const long = (url: string): string => `${url} ${'\\"\n\u0007\u{1F596} '.repeat(9000)}${url}`;
const escaped = (json: string): string =>
  json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As JSON stands in the comment of a block (serialize_block_attributes of WordPress). */
const inBlock = (attributes: unknown): string =>
  `<!-- wp:acme/x ${JSON.stringify(attributes)
    .replaceAll('--', String.raw`\u002d\u002d`)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('>', String.raw`\u003e`)
    .replaceAll('&', String.raw`\u0026`)
    .replaceAll(String.raw`\"`, String.raw`\u0022`)} /-->`;
/** As PHP's json_encode with JSON_HEX_QUOT. */
const hexQuotes = (value: unknown): string => JSON.stringify(value).replaceAll(String.raw`\"`, String.raw`\u0022`);
/** As PHP's htmlspecialchars. */
const inHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#039;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

test.each([
  ['a string with multibyte characters', string(OLD), string(NEW)],
  ['an array', `a:1:{i:0;${string(OLD)}}`, `a:1:{i:0;${string(NEW)}}`],
  ['an array key', `a:1:{${string(OLD)}i:1;}`, `a:1:{${string(NEW)}i:1;}`],
  ['serialized in serialized', nested(OLD), nested(NEW)],
  ['serialized three times', string(nested(OLD)), string(nested(NEW))],
  ['an object', `O:7:"MyClass":1:{${string('u')}${string(OLD)}}`, `O:7:"MyClass":1:{${string('u')}${string(NEW)}}`],
  [
    'a private property',
    `O:1:"A":1:{${string('\0A\0u')}${string(OLD)}}`,
    `O:1:"A":1:{${string('\0A\0u')}${string(NEW)}}`,
  ],
  [
    'a class that serializes itself',
    `C:7:"MyClass":${Buffer.byteLength(string(OLD))}:{${string(OLD)}}`,
    `C:7:"MyClass":${Buffer.byteLength(string(NEW))}:{${string(NEW)}}`,
  ],
  [
    'enums, references, floats',
    `a:5:{i:0;E:11:"Suit:Hearts";i:1;d:NAN;i:2;d:-1.5E-7;i:3;${string(OLD)}i:4;R:5;}`,
    `a:5:{i:0;E:11:"Suit:Hearts";i:1;d:NAN;i:2;d:-1.5E-7;i:3;${string(NEW)}i:4;R:5;}`,
  ],
  [
    'plain lines with a serialized tail',
    `${OLD}.mp3\n123\naudio/mpeg\na:1:{i:0;${string(OLD)}}`,
    `${NEW}.mp3\n123\naudio/mpeg\na:1:{i:0;${string(NEW)}}`,
  ],
  ['a string that holds quotes', string(`";i:3;"${OLD}`), string(`";i:3;"${NEW}`)],
  [
    'JSON in serialized',
    string(String.raw`{"a":{},"u":"https:\/\/old.com\/"}`),
    string(String.raw`{"a":{},"u":"http:\/\/localhost:8101\/"}`),
  ],
  [
    'serialized in JSON',
    JSON.stringify({ options: nested(`"${OLD}"\n\u00e9`) }),
    JSON.stringify({ options: nested(`"${NEW}"\n\u00e9`) }),
  ],
  [
    'serialized in JSON with escaped slashes',
    JSON.stringify({ options: nested(OLD) }).replaceAll('/', String.raw`\/`),
    JSON.stringify({ options: nested(NEW) }).replaceAll('/', String.raw`\/`),
  ],
  [
    'serialized in JSON in JSON in serialized',
    string(JSON.stringify({ a: JSON.stringify({ b: nested(OLD) }) })),
    string(JSON.stringify({ a: JSON.stringify({ b: nested(NEW) }) })),
  ],
  ['after a line break in JSON', JSON.stringify({ a: `\n${string(OLD)}` }), JSON.stringify({ a: `\n${string(NEW)}` })],
  [
    'after an escaped character in JSON',
    escaped(JSON.stringify({ a: `é${string(OLD)}` })),
    escaped(JSON.stringify({ a: `é${string(NEW)}` })),
  ],
  ['in an attribute of a block', inBlock({ a: nested(OLD) }), inBlock({ a: nested(NEW) })],
  [
    'in JSON in an attribute of a block',
    inBlock({ a: JSON.stringify({ b: nested(OLD) }) }),
    inBlock({ a: JSON.stringify({ b: nested(NEW) }) }),
  ],
  ['in JSON with quotes in hexadecimal', hexQuotes({ b: nested(OLD) }), hexQuotes({ b: nested(NEW) })],
  [
    'in that in JSON',
    JSON.stringify({ a: hexQuotes({ b: nested(OLD) }) }),
    JSON.stringify({ a: hexQuotes({ b: nested(NEW) }) }),
  ],
  ['URL-encoded', encodeURIComponent(nested(OLD)), encodeURIComponent(nested(NEW))],
  [
    'URL-encoded twice',
    encodeURIComponent(encodeURIComponent(nested(OLD))),
    encodeURIComponent(encodeURIComponent(nested(NEW))),
  ],
  ['URL-encoded in serialized', string(encodeURIComponent(nested(OLD))), string(encodeURIComponent(nested(NEW)))],
  ['in HTML', `<i data-a="${inHtml(nested(`<"&'${OLD}`))}">`, `<i data-a="${inHtml(nested(`<"&'${NEW}`))}">`],
  ['an absolute path', string('/var/www/a'), string('/d/a')],
  ['a length that loses a digit', string('/var/www/x'), string('/d/x')],
  [
    'long in JSON in JSON, whatever stands where it is cut for decoding',
    JSON.stringify({ a: escaped(JSON.stringify({ b: nested(long(OLD)) })) }),
    JSON.stringify({ a: escaped(JSON.stringify({ b: nested(long(NEW)) })) }),
  ],
])('lengths follow their content: %s', (_, before, after) => {
  expect(rewrite(before)).toMatchObject({ text: after, broken: 0 });
});

test.each([
  ['a length beyond the end', 's:999:"https://old.com";', 's:999:"http://localhost:8101";'],
  [
    'a wrong length before a right one',
    `a:2:{s:3:"broken";i:1;i:2;${string(OLD)}}`,
    `a:2:{s:3:"broken";i:1;i:2;${string(NEW)}}`,
  ],
  [
    'a value cut off',
    `a:2:{i:0;${string(OLD)}i:1;s:40:"https://old.com`,
    `a:2:{i:0;${string(NEW)}i:1;s:40:"http://localhost:8101`,
  ],
  [
    'a wrong length in a URL',
    'a%3A1%3A%7Bi%3A0%3Bs%3A9%3A%22https%3A%2F%2Fold.com%22%3B%7D',
    'a%3A1%3A%7Bi%3A0%3Bs%3A9%3A%22http%3A%2F%2Flocalhost%3A8101%22%3B%7D',
  ],
  [
    'a wrong length in JSON',
    String.raw`{"a":"s:9:\"https:\/\/old.com\";"}`,
    String.raw`{"a":"s:9:\"http:\/\/localhost:8101\";"}`,
  ],
])('a value that was broken before is rewritten as text and counted once: %s', (_, before, after) => {
  expect(rewrite(before)).toMatchObject({ text: after, broken: 1 });
});

test('hostile nesting costs no stack', () => {
  let value = 'https://old.com';
  let prefix = '';
  let suffix = '';
  for (let length = value.length, depth = 0; depth < 20_000; depth++) {
    prefix = `s:${length}:"${prefix}`;
    suffix += '";';
    length += String(length).length + 6;
  }
  value = prefix + value + suffix;
  expect(rewrite(value).text).toContain('s:21:"http://localhost:8101";');
});

test('hostile lengths in JSON end before the text does', () => {
  const value = `${String.raw`s:400000:\"x\";`.repeat(40_000)}https://old.com`;
  expect(rewrite(value).replaced).toBe(1);
});
