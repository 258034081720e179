import { applyPatches, type Patch } from './patch.ts';
import { NULL_FIELD, type Field } from './rows.ts';

/** The columns of a key that no two rows share, by their index, and how many characters of each count; null: all. */
export type UniqueKey = readonly { readonly column: number; readonly length: number | null }[];

/**
 * Sees to it that rows which differ at the source do so in the clone: where a site is known by several addresses, such as http and https, two
 * rows may become the same. The later one then keeps its own spelling, for it could not be in the table at all.
 */
export interface UniqueRows {
  /** The rows are read from their start. */
  begin(): void;
  /** Whether the values in which a column has these patches can be replaced, by their places in the list. */
  judge(text: string, fields: readonly { readonly field: Field; readonly patches: readonly Patch[] }[]): boolean[];
  /** How many rows it had to do with. */
  readonly judged: number;
  /** How many rows kept the addresses of the source, by the key's columns. */
  readonly kept: ReadonlyMap<UniqueKey, number>;
}

/** Undefined where there is no such key. */
export function createUniqueRows(keys: readonly UniqueKey[]): UniqueRows | undefined {
  if (keys.length === 0) return undefined;
  const taken = new Map(keys.map((key) => [key, new Set<string>()]));
  const kept = new Map<UniqueKey, number>();
  let judged = 0;
  return {
    kept,
    get judged() {
      return judged;
    },
    begin() {
      for (const values of taken.values()) values.clear();
      kept.clear();
    },
    judge(text, fields) {
      const verdicts = fields.map(() => true);
      for (const [start, places] of Map.groupBy(fields.keys(), (at) => rowStart(text, fields[at]?.field.start ?? 0))) {
        for (const [key, values] of taken) {
          const own = places.filter((at) => key.some(({ column }) => column === fields[at]?.field.column));
          const patches = new Map(own.map((at) => [fields[at]?.field.column, fields[at]?.patches ?? []]));
          if (![...patches.values()].some((each) => each.length > 0)) continue;
          const value = valueOf(text, start, key, patches);
          if (value === undefined) continue;
          judged += 1;
          if (values.has(value)) {
            for (const at of own) verdicts[at] = false;
            kept.set(key, (kept.get(key) ?? 0) + 1);
          } else values.add(value);
        }
      }
      return verdicts;
    },
  };
}

const rowStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** What the row has in the columns of a key once it is rewritten; undefined where one is NULL, which is never the same as another. */
function valueOf(
  text: string,
  start: number,
  key: UniqueKey,
  patches: ReadonlyMap<number | undefined, readonly Patch[]>,
): string | undefined {
  const end = text.indexOf('\n', start);
  const fields = text.slice(start, end === -1 ? undefined : end).split('\t');
  const values = key.map(({ column, length }) => {
    const raw = fields[column] ?? '';
    const from = start + fields.slice(0, column).join('\t').length + (column === 0 ? 0 : 1);
    const moved = (patches.get(column) ?? []).map((each) => ({
      ...each,
      start: each.start - from,
      end: each.end - from,
    }));
    const value = Buffer.from(applyPatches(raw, moved), 'latin1').toString('utf8').toLowerCase();
    return raw === NULL_FIELD ? undefined : length === null ? value : value.slice(0, length);
  });
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}
