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

/** Types whose text never holds a byte that is escaped. */
const PLAIN_TEXT =
  /^(tiny|small|medium|big)?int|^(decimal|numeric|float|double|real|date|datetime|timestamp|time|year)\b/;

export const isNumber = (text: string): boolean => /^-?\d{1,20}$/.test(text);

/**
 * What to select for a `RowsDigest`, as `n` and `sha256`, of rows in the order of a column. A row with a value that is too long to be
 * escaped by the server is counted, but its line is missing: then the digest is that of no row file.
 */
export function digestColumns(columns: readonly TypedColumn[], order: string): string {
  const line = columns.map(escaped).join(", X'09', ");
  const lines = `GROUP_CONCAT(CONCAT(${line}) ORDER BY ${quoteName(order)} SEPARATOR '\n')`;
  return `COUNT(*) AS n, SHA2(${lines}, 256) AS sha256`;
}

function escaped(column: TypedColumn): string {
  const value = fieldExpression(column);
  const bytes = `CAST(${value} AS BINARY)`;
  if (PLAIN_TEXT.test(column.type)) return `IFNULL(${bytes}, X'5C4E')`;
  const text = ESCAPES.reduce((inner, [byte, escape]) => `REPLACE(${inner}, X'${byte}', X'${escape}')`, bytes);
  return `IF(${value} IS NULL, X'5C4E', IF(OCTET_LENGTH(${value}) > ${LONGEST_VALUE}, NULL, ${text}))`;
}
