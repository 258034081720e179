import { createEncodedSearch, tellColumns, tellOnce } from './encoded.ts';
import { createRowPatches, wideColumns } from './fields.ts';
import { createHugeRows } from './huge-rows.ts';
import { createOutput } from './output.ts';
import { windows } from './rows.ts';
import { SLICES, type SliceSize } from './slices.ts';
import type { Rewriter, RowColumns, RowsOptions, UrlMapping } from './types.ts';
import { createValues } from './values.ts';

/**
 * Makes a rewriter for one clone. Base64 is told of and left as it is, compressed content is not looked into. Throws a TypeError when an address of
 * the mapping is not an absolute http(s) URL. Huge rows are cut into slices of that size.
 */
export function createRewriter(mapping: UrlMapping, slices: SliceSize = SLICES): Rewriter {
  const values = createValues(mapping);
  const rowPatches = createRowPatches(values);
  const findEncoded = createEncodedSearch(new Set(mapping.from.map((from) => new URL(from).hostname)), values.find);

  const rows = (block: Buffer, columns: RowColumns, { replaced, allocate }: RowsOptions = {}): Buffer => {
    if (columns.encoded) tellColumns(block, findEncoded, columns.skip, columns.encoded);
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
    counts: values.counts,
    mapping,
    get folders() {
      return values.folders;
    },
    value(value) {
      const text = values.text(value.toString('latin1'));
      return text === undefined ? value : Buffer.from(text, 'latin1');
    },
    rows,
    hugeRows: createHugeRows(
      { values, rows, tellEncoded: (field, tell) => tellOnce(field, findEncoded, tell) },
      slices,
    ),
  };
}
