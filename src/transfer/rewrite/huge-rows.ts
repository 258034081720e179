import type { Finder } from './finder.ts';
import { applyPatches, type Patch } from './patch.ts';
import type { Reading } from './reading.ts';
import { escapeField, fieldsOfRow, rowsOf, windows, type Field } from './rows.ts';
import { dealSlices, findSlices, patchedSlice, textOf, type Slice, type SliceSize } from './slices.ts';
import { holdsLengths } from './tokens.ts';
import type { RowColumns } from './types.ts';
import { unescapeInPlace } from './unescape-in-place.ts';

/** What a rewriter does with values that it has as strings. */
export interface Tools {
  readonly find: Finder;
  /** Adds the patches of lengths to those of a value's addresses, and counts them. */
  readonly withLengths: (value: string, patches: readonly Patch[]) => readonly Patch[];
  /** Counts patches that need no others. */
  readonly count: (patches: number) => void;
  /** Patches of a field that PHP reads in other bytes than the stored ones. */
  readonly readFieldPatches: (text: string, field: Field, readings: RowColumns['readings']) => readonly Patch[];
  readonly rows: (block: Buffer, columns: RowColumns) => Buffer;
  readonly tellEncoded: (field: Buffer, tell: () => void) => void;
  /** Addresses can be told from escapes only where these are undone. */
  readonly backslashPaths: boolean;
}

/**
 * Rewrites rows that may be so large that there is no room for copies of them, and gives them in parts. A field without serialized
 * lengths is read and written a slice at a time; one with lengths is there once more, as a string, since they can reach over all of it.
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
    if (columns.skip.has(column)) yield* unchanged(row, start, end, size);
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
  const slices = (): Generator<Slice> => findSlices(textOf(row), field, tools.find, size);
  const reading = readings?.get(column);
  if (reading?.ascii !== false && !holdsMatch(slices())) {
    yield* unchanged(row, start, end, size);
    return;
  }
  const bytes = row.subarray(start, end);
  const stored = reading && readDifferently(bytes, reading);
  if (stored !== undefined) {
    const patches = tools.readFieldPatches(stored, { start: 0, end: bytes.length, column, patches: [] }, readings);
    for (const slice of dealSlices(bytes.length, patches, size)) yield patchedSlice(bytes, slice);
  } else if (needsWhole(tools, size, row, field)) yield* wholeField(tools, size, bytes);
  else yield* inSlices(tools, row, slices());
}

function* inSlices({ count }: Tools, row: Buffer, slices: Iterable<Slice>): Generator<Buffer> {
  for (const slice of slices) {
    count(slice.patches.length);
    yield patchedSlice(row, slice);
  }
}

/** The stored text when PHP gets another. */
function readDifferently(field: Buffer, reading: Reading): string | undefined {
  const text = field.toString('latin1');
  return reading.ascii && reading.isSame(text) ? undefined : text;
}

function needsWhole({ backslashPaths }: Tools, { bytes, around }: SliceSize, row: Buffer, field: Field): boolean {
  const { start, end } = field;
  if (backslashPaths && row.subarray(start, end).includes('\\')) return true;
  for (let at = start; at < end; at += bytes) {
    const text = row.toString('latin1', Math.max(start, at - around), Math.min(at + bytes + around, end));
    if (holdsLengths(text, 0, text.length)) return true;
  }
  return false;
}

/** The field as one string; its bytes are given up for it. */
function* wholeField(tools: Tools, size: SliceSize, field: Buffer): Generator<Buffer> {
  const isEscaped = field.includes('\\');
  const text = isEscaped ? unescapeInPlace(field) : field.toString('latin1');
  const found: Patch[] = [];
  // Most replacements are the same few texts.
  const known = new Map<string, string>();
  for (const { patches } of findSlices(text, { start: 0, end: text.length }, tools.find, size))
    for (const patch of patches) {
      const same = known.get(patch.text) ?? patch.text;
      known.set(same, same);
      found.push({ start: patch.start, end: patch.end, text: same });
    }
  for (const { start, end, patches } of dealSlices(text.length, tools.withLengths(text, found), size)) {
    const moved = patches.map((patch) => ({ start: patch.start - start, end: patch.end - start, text: patch.text }));
    const part = applyPatches(text.slice(start, end), moved);
    yield Buffer.from(isEscaped ? escapeField(part) : part, 'latin1');
  }
}

/** In slices too, so that whoever takes them need not hold a copy of everything. */
function* unchanged(row: Buffer, start: number, end: number, { bytes }: SliceSize): Generator<Buffer> {
  for (let at = start; at < end; at += bytes) yield row.subarray(at, Math.min(at + bytes, end));
}

function holdsMatch(slices: Iterable<Slice>): boolean {
  for (const { patches } of slices) if (patches.length > 0) return true;
  return false;
}
