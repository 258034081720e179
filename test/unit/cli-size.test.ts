import { expect, test } from 'vitest';
import { parseSize } from '../../src/cli/size.ts';

test.each([
  ['10GB', 10e9],
  ['1.5 gb', 1.5e9],
  ['500MB', 500e6],
  ['0', 0],
  ['42', 42],
])('%s is a size', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '-1', '10 apples', 'GB', '1e9', '10GBB'])('"%s" is none', (text) => {
  expect(parseSize(text)).toBeUndefined();
});
