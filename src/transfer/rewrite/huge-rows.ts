import { createGathered, type Gathered } from './gathered.ts';
import type { Patch } from './patch.ts';
import type { Reading } from './reading.ts';
import { escapeField, fieldsOfRow, NULL_FIELD, rowsOf, windows, type Field } from './rows.ts';
import { dealSlices, findPatches, findSlices, patchedSlice, type Slice, type SliceSize } from './slices.ts';
import { textOf } from './text.ts';
import { holdsLengths } from './tokens.ts';
import type { RowColumns } from './types.ts';
import { unescapeInPlace } from './unescape-in-place.ts';
import type { Values } from './values.ts';

const UNCHANGED_BYTES = 256 * 1024;

/** What a rewriter has for rows of any size. */
export interface Tools {
  readonly values: Values;
  readonly rows: (block: Buffer, columns: RowColumns) => Buffer;
  readonly tellEncoded: (field: Buffer, tell: () => void) => void;
}

/**
 * Rewrites rows that may be so large that there is no room for copies of them, and gives them in parts. A field
 * is read and written a slice at a time. One with serialized lengths, which can reach over all of it, is read twice: first for what its lengths have to be.
 */
export function createHugeRows(
  tools: Tools,
  size: SliceSize,
): (block: Buffer, columns: RowColumns) => Generator<Buffer> {
  return function* (block, columns) {
    for (const window of windows(block)) {
      const rows = block.subarray(window.start, window.end);
      if (rows.length <= size.bytes) yield tools.rows(rows, columns);
      else
        for (const { start, end } of rowsOf(rows)) {
          yield* hugeRow(tools, size, rows.subarray(start, end), columns);
          yield rows.subarray(end, end + 1);
        }
    }
  };
}

function* hugeRow(tools: Tools, size: SliceSize, row: Buffer, columns: RowColumns): Generator<Buffer> {
  for (const field of fieldsOfRow(row)) {
    const { start, end, column } = field;
    if (columns.skip.has(column)) yield* unchanged(row, start, end);
    else {
      const { encoded } = columns;
      if (encoded) tools.tellEncoded(row.subarray(start, end), () => encoded(column));
      yield* hugeField(tools, size, row, field, columns);
    }
    yield row.subarray(end, end + 1);
  }
}

function* hugeField(
  tools: Tools,
  size: SliceSize,
  row: Buffer,
  field: Field,
  { readings }: RowColumns,
): Generator<Buffer> {
  const { start, end, column } = field;
  const slices = (): Generator<Slice> => findSlices(textOf(row), field, tools.values.find, size);
  const reading = readings?.get(column);
  const isNull = row.toString('latin1', start, Math.min(end, start + 3)) === NULL_FIELD;
  if (isNull || (reading?.ascii !== false && !holdsMatch(slices()))) {
    yield* unchanged(row, start, end);
    return;
  }
  const bytes = row.subarray(start, end);
  if (reading && readsDifferently(bytes, reading)) yield* wholeField(tools, size, bytes, reading);
  else if (needsWhole(tools, size, row, field)) yield* wholeField(tools, size, bytes);
  else yield* inSlices(tools, row, slices());
}

function* inSlices({ values }: Tools, row: Buffer, slices: Iterable<Slice>): Generator<Buffer> {
  for (const slice of slices) {
    values.counts.replaced += slice.patches.length;
    yield patchedSlice(row, slice);
  }
}

/** Whether PHP gets other bytes than these. */
const readsDifferently = (field: Buffer, reading: Reading): boolean =>
  !(reading.ascii && reading.isSame(textOf(field)));

function needsWhole({ values }: Tools, { bytes, around }: SliceSize, row: Buffer, field: Field): boolean {
  const { start, end } = field;
  if (values.backslashPaths && row.subarray(start, end).includes('\\')) return true;
  for (let at = start; at < end; at += bytes) {
    const text = row.toString('latin1', Math.max(start, at - around), Math.min(at + bytes + around, end));
    if (holdsLengths(text, 0, text.length)) return true;
  }
  return false;
}

/** The field's bytes are given up for what they mean. With a reading, what PHP gets is there beside them. */
function* wholeField(tools: Tools, size: SliceSize, field: Buffer, reading?: Reading): Generator<Buffer> {
  const isEscaped = field.includes('\\');
  const stored = isEscaped ? unescapeInPlace(field) : field;
  const read = reading && gather(reading.readParts(textOf(stored)));
  try {
    const got = read?.bytes() ?? stored;
    const patches = tools.values.withLengths(textOf(got), () => findPatches(textOf(got), tools.values.find, size));
    if (reading === undefined) yield* written(stored, patches, size, isEscaped);
    else if (reading.converted) yield* written(got, patches, size, true);
    else yield* written(stored, reading.back(textOf(stored), patches), size, true);
  } finally {
    read?.drop();
  }
}

function gather(parts: Iterable<string>): Gathered {
  const gathered = createGathered();
  for (const part of parts) gathered.add(Buffer.from(part, 'latin1'));
  return gathered;
}

function* written(bytes: Buffer, patches: Iterable<Patch>, size: SliceSize, isEscaped: boolean): Generator<Buffer> {
  for (const slice of dealSlices(bytes.length, patches[Symbol.iterator](), size)) {
    const part = patchedSlice(bytes, slice);
    yield isEscaped ? Buffer.from(escapeField(part.toString('latin1')), 'latin1') : part;
  }
}

/** In parts too, so that whoever takes them need not hold a copy of everything. */
function* unchanged(row: Buffer, start: number, end: number): Generator<Buffer> {
  for (let at = start; at < end; at += UNCHANGED_BYTES) yield row.subarray(at, Math.min(at + UNCHANGED_BYTES, end));
}

function holdsMatch(slices: Iterable<Slice>): boolean {
  for (const { patches } of slices) if (patches.length > 0) return true;
  return false;
}
