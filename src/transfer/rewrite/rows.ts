import type { Patch } from './patch.ts';

/** A field of a block of rows, without its TAB or LF, and the patches that lie in it. */
export interface Field {
  readonly start: number;
  readonly end: number;
  /** The index of its column. */
  readonly column: number;
  readonly patches: readonly Patch[];
}

/** How rows write NULL. */
export const NULL_FIELD = String.raw`\N`;
/** Windows of this many bytes go through the processor's cache, and their strings through the young heap. */
const WINDOW = 60 * 1024;
const LF = 10;
const TAB = 9;

/** Cuts a block into windows of whole rows. */
export function* windows(block: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  for (let start = 0; start < block.length;) {
    const last = block.length - start <= WINDOW ? block.length - 1 : lastRowEnd(block, start);
    yield { start, end: last + 1 };
    start = last + 1;
  }
}

function lastRowEnd(block: Buffer, start: number): number {
  const within = block.subarray(start, start + WINDOW).lastIndexOf(LF);
  if (within !== -1) return start + within;
  const beyond = block.indexOf(LF, start + WINDOW);
  return beyond === -1 ? block.length - 1 : beyond;
}

/**
 * Gathers patches of whole rows in LOAD DATA's format by the fields they lie in, leaving out the columns in `skip`. Rows
 * without a patch are jumped over.
 */
export function fieldsOf(text: string, patches: readonly Patch[], skip: ReadonlySet<number>): Field[] {
  const fields: Field[] = [];
  const cursor = createCursor(text);
  for (let from = 0; from < patches.length;) {
    cursor.moveTo(patches[from]!.start);
    const { start, end, column } = cursor;
    let to = from + 1;
    while (to < patches.length && patches[to]!.start < end) to++;
    if (!skip.has(column)) fields.push({ start, end, column, patches: patches.slice(from, to) });
    from = to;
  }
  return fields;
}

/** All fields of the given columns. */
export function fieldsOfColumns(text: string, columns: ReadonlySet<number>): Field[] {
  const fields: Field[] = [];
  let column = 0;
  for (let start = 0; start < text.length;) {
    const tab = text.indexOf('\t', start);
    const row = text.indexOf('\n', start);
    const rowEnd = row === -1 ? text.length : row;
    const end = tab === -1 ? rowEnd : Math.min(tab, rowEnd);
    if (columns.has(column)) fields.push({ start, end, column, patches: [] });
    column = end === rowEnd ? 0 : column + 1;
    start = end + 1;
  }
  return fields;
}

/** Cuts a block into its rows, without their LF. */
export function* rowsOf(block: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  for (let start = 0; start < block.length;) {
    const found = block.indexOf(LF, start);
    const end = found === -1 ? block.length : found;
    yield { start, end };
    start = end + 1;
  }
}

/** The fields of one row. */
export function* fieldsOfRow(row: Buffer): Generator<Field> {
  let start = 0;
  for (let column = 0; start <= row.length; column += 1) {
    const tab = row.indexOf(TAB, start);
    const end = tab === -1 ? row.length : tab;
    yield { start, end, column, patches: [] };
    start = end + 1;
  }
}

/** One field after another, each told in the same place: a field without a patch that counts leaves nothing behind. */
interface Cursor extends Omit<Field, 'patches'> {
  /** Goes to the field that holds `position`. Positions must not decrease. */
  moveTo(position: number): void;
}

function createCursor(text: string): Cursor {
  const endOf = (delimiter: string, from: number): number => {
    const at = text.indexOf(delimiter, from);
    return at === -1 ? text.length : at;
  };
  let rowEnd = endOf('\n', 0);
  const cursor = {
    start: 0,
    end: 0,
    column: 0,
    moveTo(position: number): void {
      for (; rowEnd < position; rowEnd = endOf('\n', cursor.start)) {
        cursor.start = rowEnd + 1;
        cursor.column = 0;
      }
      let end = endOf('\t', cursor.start);
      for (; end < position; end = endOf('\t', cursor.start)) {
        cursor.start = end + 1;
        cursor.column++;
      }
      cursor.end = Math.min(end, rowEnd);
    },
  };
  return cursor;
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' };
const UNESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '0': '\0', b: '\b', Z: '\u001a' };

/** The field's bytes (MySQL manual, "LOAD DATA Statement": a backslash before any other character is dropped). */
export function unescapeField(field: string): string {
  return field.replaceAll(/\\([\s\S])/g, (_, character: string) => UNESCAPED[character] ?? character);
}

/** The opposite of `unescapeField`, with the escapes that the migrator writes. */
export function escapeField(value: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL is one of the five bytes that the format escapes
  return value.replaceAll(/[\\\t\n\r\0]/g, (character) => ESCAPED[character] ?? character);
}
