import type { Patch } from './patch.ts';
import { escapeField, type Field, fieldsOf, fieldsOfColumns, NULL_FIELD, unescapeField } from './rows.ts';
import type { RowColumns } from './types.ts';
import type { Judge } from './unique.ts';
import type { Values } from './values.ts';

type Readings = RowColumns['readings'];

/** Finds the patches of each field that has any, in a text of whole rows. */
export type RowPatches = (
  text: string,
  columns: RowColumns,
  wide: ReadonlySet<number>,
) => readonly (readonly Patch[])[];

/** Columns in whose bytes no address is found as it is: each of their values is looked into. */
export const wideColumns = ({ readings, skip }: RowColumns): ReadonlySet<number> =>
  new Set([...(readings ?? [])].filter(([column, { ascii }]) => !ascii && !skip.has(column)).map(([column]) => column));

/** Rewrites the fields of rows in LOAD DATA format by patches. */
export function createRowPatches(values: Values): RowPatches {
  return (text, { skip, readings, unique }, wide) => {
    const found = values.find(text);
    if (found.length === 0 && wide.size === 0) return [];
    const fields = fieldsOf(text, found, skip);
    const all = wide.size === 0 ? fields : withColumns(text, fields, wide);
    if (unique) return distinctPatches(values, text, all, unique, readings);
    return all.map((field) => fieldPatches(values, text, field, readings));
  };
}

function withColumns(text: string, fields: readonly Field[], columns: ReadonlySet<number>): Field[] {
  const others = fields.filter(({ column }) => !columns.has(column));
  return [...others, ...fieldsOfColumns(text, columns)].toSorted((a, b) => a.start - b.start);
}

/** Patches of fields, but for those that would make a row the same as another. */
function distinctPatches(
  values: Values,
  text: string,
  fields: readonly Field[],
  unique: Judge,
  readings: Readings,
): readonly (readonly Patch[])[] {
  const { counts } = values;
  const all = fields.map((field) => {
    const before = { ...counts };
    const patches = fieldPatches(values, text, field, readings);
    return { field, patches, replaced: counts.replaced - before.replaced, broken: counts.broken - before.broken };
  });
  const may = unique.judge(text, all);
  return all.map(({ patches, replaced, broken }, at) => {
    if (may[at]) return patches;
    counts.replaced -= replaced;
    counts.broken -= broken;
    return [];
  });
}

/**
 * A match in a field is the same match in the escaped field, because a run of backslashes counts as one sign and an
 * escaped line break ends a name as the line break does. What that is not true of is unescaped first.
 */
function fieldPatches(
  values: Values,
  text: string,
  { start, end, column, patches }: Field,
  readings: Readings,
): readonly Patch[] {
  const raw = text.slice(start, end);
  const reading = readings?.get(column);
  if (raw === NULL_FIELD) return [];
  if (reading && !(reading.ascii && reading.isSame(raw)))
    return wholeField(start, end, values.stored(unescapeField(raw), reading));
  const inRow = raw.includes('\\');
  const direct = inRow && values.backslashPaths ? undefined : values.patches(text, { start, end, inRow }, patches);
  return direct ?? wholeField(start, end, values.text(unescapeField(raw)));
}

const wholeField = (start: number, end: number, value: string | undefined): readonly Patch[] =>
  value === undefined ? [] : [{ start, end, text: escapeField(value) }];
