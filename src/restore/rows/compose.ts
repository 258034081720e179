import type { Row, Versions } from '../merge/types.ts';
import type { CloneChanges } from './clone-changes.ts';
import { rowOf } from './lines.ts';
import type { LiveChanges } from './live-changes.ts';
import type { LiveLine } from './live.ts';

/** Rows as they are where they come from, by the rows that are compared: there, addresses are the clone's. */
export type RawRows = WeakMap<Row, Row>;

interface Found {
  base?: Row;
  live?: Row | null;
  clone?: Row | null;
}

/** Puts together what became of each row of a table with a key. */
export function versionsByKey(
  { columns, key }: { readonly columns: readonly string[]; readonly key: readonly string[] },
  clone: CloneChanges,
  live: LiveChanges,
  raws: RawRows,
): Versions[] {
  const places = key.map((column) => columns.indexOf(column));
  const rows = new Map<string, Found>();
  const found = (row: Row): Found => {
    const text = places.map((at) => row[at]).join('\t');
    const known = rows.get(text) ?? {};
    rows.set(text, known);
    return known;
  };
  for (const [side, changes] of [
    ['clone', clone],
    ['live', live],
  ] as const) {
    for (const line of changes.gone) {
      const row = rowOf(line);
      const known = found(row);
      known.base ??= row;
      known[side] ??= null;
    }
    for (const line of changes.come) {
      const row = compared(line, raws);
      found(row)[side] = row;
    }
  }
  return [...rows.values()].map(({ base, live: there, clone: here }) => ({
    base,
    live: there === undefined ? base : (there ?? undefined),
    clone: here === undefined ? base : (here ?? undefined),
  }));
}

/** Whole tables without a key: each row as often as it is there, those left out that are as often in all three versions. */
export function versionsByCount(
  base: readonly string[],
  live: readonly LiveLine[],
  clone: readonly LiveLine[],
  raws: RawRows,
): Versions[] {
  const counts = new Map<string, { base: Row[]; live: Row[]; clone: Row[] }>();
  const put = (side: 'base' | 'live' | 'clone', line: string, row: Row): void => {
    const known = counts.get(line) ?? { base: [], live: [], clone: [] };
    counts.set(line, known);
    known[side].push(row);
  };
  for (const line of base) put('base', line, rowOf(line));
  for (const line of live) put('live', line.line, compared(line, raws));
  for (const line of clone) put('clone', line.line, compared(line, raws));
  return [...counts.values()]
    .filter((each) => each.base.length !== each.live.length || each.base.length !== each.clone.length)
    .flatMap((each) => [
      ...each.base.map((row): Versions => ({ base: row })),
      ...each.live.map((row): Versions => ({ live: row })),
      ...each.clone.map((row): Versions => ({ clone: row })),
    ]);
}

/** The row that is compared; what it is like where it comes from is kept beside it. */
export function compared({ line, raw }: LiveLine, raws: RawRows): Row {
  const row = rowOf(line);
  raws.set(row, line === raw ? row : rowOf(raw));
  return row;
}
