import { createEncodedSearch } from './encoded.ts';
import { createFinder } from './finder.ts';
import { createOutput } from './output.ts';
import { applyPatches, mergePatches, type Patch } from './patch.ts';
import { createHugeRows } from './huge-rows.ts';
import { escapeField, fieldsOf, fieldsOfColumns, NULL_FIELD, unescapeField, windows } from './rows.ts';
import type { Field } from './rows.ts';
import type { Lengths } from './lengths.ts';
import { createLengthFixer, type Place } from './serialized.ts';
import { SLICES, type SliceSize } from './slices.ts';
import { holdsLengths } from './tokens.ts';
import type { Reading } from './reading.ts';
import type { Text } from './text.ts';
import type { Judge } from './unique.ts';
import type { Rewriter, RowColumns, RowsOptions, UrlMapping } from './types.ts';

/**
 * Makes a rewriter for one clone. Base64 is told of and left as it is, compressed content is not looked into. Throws a TypeError when an address of
 * the mapping is not an absolute http(s) URL. Huge rows are cut into slices of that size.
 */
export function createRewriter(mapping: UrlMapping, slices: SliceSize = SLICES): Rewriter {
  let folders = 0;
  const find = createFinder(mapping, () => (folders += 1));
  const findEncoded = createEncodedSearch(new Set(mapping.from.map((from) => new URL(from).hostname)), find);
  const backslashPaths = mapping.paths.some(({ from }) => !from.startsWith('/'));
  const fixLengths = createLengthFixer();
  const counts = { replaced: 0, broken: 0 };

  const countedLengths = (text: Text, place: Place, patches: Iterable<Patch>): Lengths | undefined => {
    const result = fixLengths(text, place, patches);
    if (result === undefined) return undefined;
    counts.replaced += result.patches;
    if (result.broken) counts.broken++;
    return result.lengths;
  };

  /** All patches of a value again, and those of the lengths around them. */
  const withLengths = (text: Text, place: Place, patches: () => Iterable<Patch>): Iterable<Patch> | undefined => {
    const lengths = countedLengths(text, place, patches());
    return lengths && mergePatches(patches(), lengths.patches(text));
  };

  const fixed = (text: string, place: Place, patches: readonly Patch[]): readonly Patch[] | undefined => {
    if (holdsLengths(text, place.start, place.end))
      return countedLengths(text, place, patches)?.mergedWith(patches, text);
    counts.replaced += patches.length;
    return patches;
  };

  const textPatches = (text: string): readonly Patch[] | undefined => {
    const found = find(text);
    return found.length > 0 ? fixed(text, { start: 0, end: text.length, inRow: false }, found) : undefined;
  };

  const rewriteText = (text: string): string | undefined => {
    const patches = textPatches(text);
    return patches && applyPatches(text, patches);
  };

  /** Lengths are counted in what PHP reads, and what is stored keeps all other bytes. */
  const rewriteStored = (stored: string, reading: Reading): string | undefined => {
    const read = reading.read(stored);
    const patches = textPatches(read);
    if (reading.converted) return applyPatches(read, patches ?? []);
    return patches && applyPatches(stored, [...reading.back(stored, patches)]);
  };

  /**
   * A match in a field is the same match in the escaped field, because a run of backslashes counts as one sign and an
   * escaped line break ends a name as the line break does. What that is not true of is unescaped first.
   */
  const fieldPatches = (
    text: string,
    { start, end, column, patches }: Field,
    readings: RowColumns['readings'],
  ): readonly Patch[] => {
    const raw = text.slice(start, end);
    const reading = readings?.get(column);
    if (raw === NULL_FIELD) return [];
    if (reading && !(reading.ascii && reading.isSame(raw))) {
      const value = rewriteStored(unescapeField(raw), reading);
      return value === undefined ? [] : [{ start, end, text: escapeField(value) }];
    }
    const inRow = raw.includes('\\');
    const direct = inRow && backslashPaths ? undefined : fixed(text, { start, end, inRow }, patches);
    if (direct !== undefined) return direct;
    const value = rewriteText(unescapeField(raw));
    return value === undefined ? [] : [{ start, end, text: escapeField(value) }];
  };

  /** Patches of fields, but for those that would make a row the same as another. */
  const distinctPatches = (
    text: string,
    fields: readonly Field[],
    unique: Judge,
    readings: RowColumns['readings'],
  ): readonly (readonly Patch[])[] => {
    const all = fields.map((field) => {
      const before = { ...counts };
      const patches = fieldPatches(text, field, readings);
      return { field, patches, replaced: counts.replaced - before.replaced, broken: counts.broken - before.broken };
    });
    const may = unique.judge(text, all);
    return all.map(({ patches, replaced, broken }, at) => {
      if (may[at]) return patches;
      counts.replaced -= replaced;
      counts.broken -= broken;
      return [];
    });
  };

  /** Of each field that holds something. */
  const rowPatches = (
    text: string,
    { skip, readings, unique }: RowColumns,
    wide: ReadonlySet<number>,
  ): readonly (readonly Patch[])[] => {
    const found = find(text);
    if (found.length === 0 && wide.size === 0) return [];
    const fields = fieldsOf(text, found, skip);
    const all = wide.size === 0 ? fields : withColumns(text, fields, wide);
    if (unique) return distinctPatches(text, all, unique, readings);
    return all.map((field) => fieldPatches(text, field, readings));
  };

  const rows = (block: Buffer, columns: RowColumns, { replaced, allocate }: RowsOptions = {}): Buffer => {
    if (columns.encoded) tellEncoded(block, findEncoded, columns.skip, columns.encoded);
    const output = createOutput(block, allocate);
    const wide = wideColumns(columns);
    for (const { start, end } of windows(block)) {
      const text = block.toString('latin1', start, end);
      for (const patches of rowPatches(text, columns, wide))
        for (const patch of patches) {
          output.replace(start + patch.start, start + patch.end, patch.text);
          replaced?.(start + patch.start, start + patch.end, patch.text.length);
        }
    }
    return output.finish();
  };

  return {
    counts,
    mapping,
    get folders() {
      return folders;
    },
    value(value) {
      const text = rewriteText(value.toString('latin1'));
      return text === undefined ? value : Buffer.from(text, 'latin1');
    },
    rows,
    hugeRows: createHugeRows(
      {
        find,
        withLengths: (value, patches) =>
          withLengths(value, { start: 0, end: value.length, inRow: false }, patches) ?? [],
        count: (patches) => void (counts.replaced += patches),
        rows,
        tellEncoded: (field, tell) => {
          let told = false;
          findEncoded(field, () => {
            if (!told) tell();
            told = true;
          });
        },
        backslashPaths,
      },
      slices,
    ),
  };
}

/** Columns in whose bytes no address is found as it is: each of their values is looked into. */
const wideColumns = ({ readings, skip }: RowColumns): ReadonlySet<number> =>
  new Set([...(readings ?? [])].filter(([column, { ascii }]) => !ascii && !skip.has(column)).map(([column]) => column));

function withColumns(text: string, fields: readonly Field[], columns: ReadonlySet<number>): Field[] {
  const others = fields.filter(({ column }) => !columns.has(column));
  return [...others, ...fieldsOfColumns(text, columns)].toSorted((a, b) => a.start - b.start);
}

/** Once for each value. */
function tellEncoded(
  block: Buffer,
  search: ReturnType<typeof createEncodedSearch>,
  skip: ReadonlySet<number>,
  tell: (column: number) => void,
): void {
  const found: Patch[] = [];
  search(block, (at) => found.push({ start: at, end: at, text: '' }));
  if (found.length === 0) return;
  found.sort((a, b) => a.start - b.start);
  for (const { start, end } of windows(block)) {
    const here = found.filter((hit) => hit.start >= start && hit.start < end);
    const places = here.map((hit) => ({ start: hit.start - start, end: hit.start - start, text: '' }));
    for (const { column } of fieldsOf(block.toString('latin1', start, end), places, skip)) tell(column);
  }
}
