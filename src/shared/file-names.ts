import { isUtf8 } from 'node:buffer';

/**
 * Names of files are bytes, and on old sites not all of them are UTF-8. In here a name is a string in which each byte that belongs to no
 * character stands as a lone surrogate, U+DC80 to U+DCFF (the way of Python's PEP 383): equal names are equal strings, JSON holds
 * them, and what looks at ASCII signs need not know.
 */
const CHARACTERS =
  // oxlint-disable-next-line no-control-regex -- every byte below 128 is a character of its own
  /[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;
const LONE_BYTE = /(?<![\ud800-\udbff])[\udc80-\udcff]/g;
const FIRST = 0xdc00;

/** The name that these bytes are. */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return bytes
    .toString('latin1')
    .replaceAll(CHARACTERS, (character) =>
      character.length === 1 && character > '\u007f'
        ? String.fromCharCode(FIRST + character.charCodeAt(0))
        : Buffer.from(character, 'latin1').toString('utf8'),
    );
}

/** Whether a name holds bytes that are no UTF-8. */
export const hasLoneBytes = (name: string): boolean => name.search(LONE_BYTE) !== -1;

/** The bytes of a name. */
export function bytesOfName(name: string): Buffer {
  const parts: Buffer[] = [];
  let read = 0;
  for (const { index, 0: byte } of name.matchAll(LONE_BYTE)) {
    parts.push(Buffer.from(name.slice(read, index), 'utf8'), Buffer.of(byte.charCodeAt(0) - FIRST));
    read = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(name.slice(read), 'utf8')]);
}

/** A path as the file system's functions take it. */
export const diskPath = (path: string): string | Buffer => (hasLoneBytes(path) ? bytesOfName(path) : path);
