import { quoteName } from '../../transfer/database/sql-tokens.ts';
import { fieldExpression, type TypedColumn } from '../../transfer/origin/row-text.ts';

/** What a server says of rows without sending them. */
export interface RowsDigest {
  readonly rows: number;
  /** Of their lines in the form of the row files, without the last line's end. Null when the server could not tell. */
  readonly sha256: string | null;
}

/** Bytes that the lines of one digest may have together. */
export const LONGEST_DIGEST = 16 << 20;
/** A server cuts what is longer, without an error: it must not be as long as what is compared with it. */
export const DIGEST_SESSION = `SET SESSION group_concat_max_len = ${4 * LONGEST_DIGEST}`;

/** MariaDB's REPLACE moves the rest of a value at each hit: what takes a second in a megabyte takes milliseconds here. */
const LONGEST_VALUE = 32 << 10;

/** In this order, since each begins with a backslash: what `escapeField` does. */
const ESCAPES = [
  ['5C', '5C5C'],
  ['09', '5C74'],
  ['0A', '5C6E'],
  ['0D', '5C72'],
  ['00', '5C30'],
] as const;

/** How a byte that is escaped begins in a row file; of a backslash, that anything is. */
const SIGNS = [`\\`, String.raw`\t`, String.raw`\n`, String.raw`\r`, String.raw`\0`];

/** Which of the bytes that are escaped occur in lines of a row file, as one letter each. */
export type Escaped = string;

/** It may name more than there are: that costs the server time, and nothing else. */
export const escapedIn = (text: Buffer): Escaped =>
  text.includes(0x5c) ? SIGNS.flatMap((sign, at) => (text.includes(sign, 0, 'latin1') ? [at] : [])).join('') : '';

/** Types whose text never holds a byte that is escaped. */
const PLAIN_TEXT =
  /^(tiny|small|medium|big)?int|^(decimal|numeric|float|double|real|date|datetime|timestamp|time|year)\b/;

export const isNumber = (text: string): boolean => /^-?\d{1,20}$/.test(text);

/** No value is written so: not one that is escaped, and not one of a text without a backslash. */
const NO_LINE = "X'5C4C'";

/**
 * What to select for a `RowsDigest`, as `n` and `sha256`, of rows in the order of a column. A row with a value that is too long to be
 * escaped by the server has another line instead: then the digest is that of no row file.
 *
 * Only what occurs in the lines that the digest is compared with is escaped, since most of the server's time goes there. That is as exact: as
 * many rows of as many columns have as many tabs and line ends between them, so a text with further ones in its values has more of them.
 *
 * `order` undefined: they come in it.
 */
export function digestColumns(columns: readonly TypedColumn[], order: string | undefined, escaped: Escaped): string {
  const line = columns.map((column) => fieldOf(column, escaped)).join(", X'09', ");
  const ordered = order === undefined ? '' : `ORDER BY ${quoteName(order)} `;
  const lines = `GROUP_CONCAT(IFNULL(CONCAT(${line}), ${NO_LINE}) ${ordered}SEPARATOR '\n')`;
  return `COUNT(*) AS n, SHA2(${lines}, 256) AS sha256`;
}

function fieldOf(column: TypedColumn, escaped: Escaped): string {
  const value = fieldExpression(column);
  const bytes = `CAST(${value} AS BINARY)`;
  if (PLAIN_TEXT.test(column.type)) return `IFNULL(${bytes}, X'5C4E')`;
  const text = ESCAPES.filter((_, at) => escaped.includes(String(at))).reduce(
    (inner, [byte, escape]) => `REPLACE(${inner}, X'${byte}', X'${escape}')`,
    bytes,
  );
  return `IF(${value} IS NULL, X'5C4E', IF(OCTET_LENGTH(${value}) > ${LONGEST_VALUE}, NULL, ${text}))`;
}
