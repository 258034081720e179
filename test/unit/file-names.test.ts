import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfName, diskPath, hasLoneBytes, nameOfBytes } from '../../src/shared/file-names.ts';
import { toWireName } from '../../src/site/protocol.ts';
import { escapedName } from '../../src/transfer/warnings.ts';

test('every name comes back as the bytes it was, also through JSON, and equal bytes are equal names', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
      const name = nameOfBytes(Buffer.from(array));
      const again: string = JSON.parse(JSON.stringify(name));
      expect(again).toBe(name);
      expect([...bytesOfName(again)]).toEqual([...array]);
      expect(nameOfBytes(bytesOfName(name))).toBe(name);
    }),
  );
});

test('text stays text, on the wire and on the disk', () => {
  for (const name of ['wp-content/größe 🖖.jpg', 'back\\slash', '']) {
    expect(nameOfBytes(Buffer.from(name))).toBe(name);
    expect(hasLoneBytes(name)).toBe(false);
    expect(toWireName(name)).toBe(name);
    expect(diskPath(name)).toBe(name);
  }
});

test('a byte that is no text is shown as what it is', () => {
  expect(escapedName(nameOfBytes(Buffer.from('latin1-\xe9.jpg', 'latin1')))).toBe('latin1-\\xe9.jpg');
});
