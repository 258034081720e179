import { hash } from 'node:crypto';
import { applyPatches, type Patch } from './patch.ts';
import { NULL_FIELD, type Field } from './rows.ts';

/** The columns of a key that no two rows share, by their index, and how many characters of each count; null: all. */
export type UniqueKey = readonly { readonly column: number; readonly length: number | null }[];

interface Patched {
  readonly field: Field;
  readonly patches: readonly Patch[];
}

/** Decides which values of rows get other addresses. */
export interface Judge {
  /** Whether the values in which a column has these patches can be replaced, by their places in the list. */
  judge(text: string, fields: readonly Patched[]): boolean[];
}

/** Of more rows than these nobody remembers which they are. */
export const MOST_KNOWN = 5000;

/** Rows that kept the addresses of the source. */
export interface KeptRows {
  readonly count: number;
  /** Of what the source has in the key's columns: by these the first ones are known again. */
  readonly digests: ReadonlySet<string>;
}

/**
 * Sees to it that rows which differ at the source do so in the clone: where a site is known by several addresses, such as http and https, two
 * rows may become the same. The later one then keeps its own spelling, for it could not be in the table at all.
 */
export interface UniqueRows extends Judge {
  /** The rows are read from their start. */
  begin(): void;
  /** How many rows it had to do with. */
  readonly judged: number;
  /** By the key's columns. */
  readonly kept: ReadonlyMap<UniqueKey, KeptRows>;
}

/** Undefined where there is no such key. */
export function createUniqueRows(keys: readonly UniqueKey[]): UniqueRows | undefined {
  if (keys.length === 0) return undefined;
  const taken = new Map(keys.map((key) => [key, createTaken(key)]));
  const kept = new Map<UniqueKey, { count: number; digests: Set<string> }>();
  let judged = 0;
  const isKept = (key: UniqueKey, values: KeyValues): boolean => {
    judged += 1;
    if (taken.get(key)?.take(values) !== 'taken') return false;
    const known = kept.get(key) ?? { count: 0, digests: new Set() };
    kept.set(key, known);
    known.count += 1;
    if (known.digests.size < MOST_KNOWN) known.digests.add(keptDigest(values));
    return true;
  };
  return {
    kept,
    get judged() {
      return judged;
    },
    begin() {
      for (const values of taken.values()) values.clear();
      kept.clear();
    },
    judge: (text, fields) => judgeRows(text, fields, keys, isKept),
  };
}

/** Knows rows again that kept their addresses, by their digests. */
export const createKnownRows = (known: ReadonlyMap<UniqueKey, ReadonlySet<string>>): Judge => ({
  judge: (text, fields) =>
    judgeRows(text, fields, [...known.keys()], (key, values) => known.get(key)?.has(keptDigest(values)) ?? false),
});

/** What a row has in the columns of a key, escaped: at the source, and with other addresses. */
interface KeyValues {
  readonly own: readonly string[];
  readonly become: readonly string[];
}

function judgeRows(
  text: string,
  fields: readonly Patched[],
  keys: Iterable<UniqueKey>,
  isKept: (key: UniqueKey, values: KeyValues) => boolean,
): boolean[] {
  const verdicts = fields.map(() => true);
  for (const [start, places] of Map.groupBy(fields.keys(), (at) => rowStart(text, fields[at]?.field.start ?? 0)))
    for (const key of keys) {
      const own = places.filter((at) => key.some(({ column }) => column === fields[at]?.field.column));
      const patches = new Map(own.map((at) => [fields[at]?.field.column, fields[at]?.patches ?? []]));
      if (![...patches.values()].some((each) => each.length > 0)) continue;
      const values = valuesOf(text, start, key, patches);
      // One that is NULL is never the same as another.
      if (values.own.includes(NULL_FIELD) || !isKept(key, values)) continue;
      for (const at of own) verdicts[at] = false;
    }
  return verdicts;
}

const rowStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

function valuesOf(
  text: string,
  start: number,
  key: UniqueKey,
  patches: ReadonlyMap<number | undefined, readonly Patch[]>,
): KeyValues {
  const end = text.indexOf('\n', start);
  const fields = text.slice(start, end === -1 ? undefined : end).split('\t');
  const own = key.map(({ column }) => fields[column] ?? '');
  const become = key.map(({ column }, part) => {
    const from = start + fields.slice(0, column).join('\t').length + (column === 0 ? 0 : 1);
    const moved = (patches.get(column) ?? []).map((each) => ({
      ...each,
      start: each.start - from,
      end: each.end - from,
    }));
    return applyPatches(own[part] ?? '', moved);
  });
  return { own, become };
}

/**
 * Which values a key has already. What a server's collation takes for the same is not known here, so that whatever may be the same is taken for
 * it; but values that the source tells apart by more than their addresses (by case, or accents) stay apart. Of a value only digests are held:
 * tables have millions of them.
 */
function createTaken(key: UniqueKey) {
  /** By what a value becomes, what it was. */
  const alike = new Map<number, number>();
  /** What counts of a value may end before the difference, behind another address. */
  const cut = key.some(({ length }) => length !== null) ? new Set<number>() : undefined;
  return {
    clear(): void {
      alike.clear();
      cut?.clear();
    },
    take({ own, become }: KeyValues): 'free' | 'taken' {
      const [before, after] = [shortDigest(folded(key, own)), shortDigest(folded(key, become))];
      const known = alike.get(after);
      const exact = cut && shortDigest(counting(key, become));
      if ((known !== undefined && known !== before) || (exact !== undefined && cut?.has(exact) === true))
        return 'taken';
      alike.set(after, before);
      if (exact !== undefined) cut?.add(exact);
      return 'free';
    },
  };
}

/** The characters that count. */
const counting = (key: UniqueKey, values: readonly string[]): string[] =>
  key.map(({ length }, part) => {
    const value = Buffer.from(values[part] ?? '', 'latin1').toString('utf8');
    return length === null ? value : value.slice(0, length);
  });

/** Without what collations make nothing of: case, accents, blanks at the end. */
const folded = (key: UniqueKey, values: readonly string[]): string[] =>
  counting(key, values).map((value) =>
    value.normalize('NFKD').replaceAll(/\p{M}/gu, '').toUpperCase().toLowerCase().trimEnd(),
  );

const sha256 = (values: readonly string[]): string => hash('sha256', JSON.stringify(values));

/** As many bits as a number holds exactly. */
const shortDigest = (values: readonly string[]): number => Number.parseInt(sha256(values).slice(0, 13), 16);

const keptDigest = ({ own }: KeyValues): string => sha256(own).slice(0, 32);
