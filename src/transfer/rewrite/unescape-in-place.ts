import { unescapeField } from './rows.ts';

const BACKSLASH = 92;

/**
 * The same as unescapeField, for a field that is too large to have it twice, or a match of a regular expression
 * for each of its escapes. The field is overwritten, and what comes out lies in its beginning.
 */
export function unescapeInPlace(field: Buffer): Buffer {
  let written = 0;
  let read = 0;
  for (let at = field.indexOf(BACKSLASH); at !== -1 && at + 1 < field.length; at = field.indexOf(BACKSLASH, read)) {
    field.copyWithin(written, read, at);
    written += at - read;
    field[written++] = BYTES[field[at + 1]!]!;
    read = at + 2;
  }
  field.copyWithin(written, read);
  return field.subarray(0, written + field.length - read);
}

/** What each byte means after a backslash. */
const BYTES = Uint8Array.from({ length: 256 }, (_, code) =>
  unescapeField(`\\${String.fromCharCode(code)}`).charCodeAt(0),
);
