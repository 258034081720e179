import { expect, test } from 'vitest';
import { phpLiteral } from '../../src/instance/php-literal.ts';
import { parseDefines, parsePhpVersion } from '../../src/operations/defines.ts';

test('a value is what it looks like, and text in quotes', () => {
  const given = [
    'A=true',
    'B=FALSE',
    'C=null',
    'D=12',
    'E=-1.5',
    'F=012',
    'G="12"',
    "H='true'",
    'I=a=b',
    'J=',
    'K=1e3',
  ];
  expect(parseDefines([...given, 'Acme\\STAGE=x'])).toEqual({
    A: true,
    B: false,
    C: null,
    D: 12,
    E: -1.5,
    F: '012',
    G: '12',
    H: 'true',
    I: 'a=b',
    J: '',
    K: '1e3',
    'Acme\\STAGE': 'x',
  });
});

test.each(['NAME', '=x', '1A=x', 'A B=x', "A');=x", 'A\\=x'])('%s is no constant', (text) => {
  expect(() => parseDefines([text])).toThrow('--define wants NAME=VALUE');
});

test.each(['DB_PASSWORD=x', 'AUTH_KEY=x', 'WP_HOME=x', 'DISABLE_WP_CRON=false', 'WP_HTTP_BLOCK_EXTERNAL=false'])(
  '%s is the clone’s own',
  (text) => {
    expect(() => parseDefines([text])).toThrow('a clone has a value of its own');
  },
);

test('WP_DEBUG may be given', () => {
  expect(parseDefines(['WP_DEBUG=true'])).toEqual({ WP_DEBUG: true });
});

test('a PHP version is two numbers', () => {
  expect([parsePhpVersion('8.2'), parsePhpVersion('7.4.33')]).toEqual(['8.2', '7.4']);
  for (const text of ['8', 'php8.2', '8.2;', '']) expect(() => parsePhpVersion(text)).toThrow('--php wants a version');
});

test('arrays of any depth become literals in which nothing of a name or value is run', () => {
  expect(phpLiteral({ a: [1, null, true], "b'": { c: '$x' } })).toBe(
    `array('a' => array(1, null, true), 'b\\'' => array('c' => '$x'))`,
  );
});
