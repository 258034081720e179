import type { RangeDigest, SiteClient, TableRead } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { definitionDigest, readDatabaseOrigin } from '../origin/database.ts';
import { readRanges } from '../origin/ranges.ts';
import type { DatabaseOrigin, OriginRange, OriginTable } from '../origin/schema.ts';

/** Rows between two keys that are not as they were: the rows after `after` (null: the first) up to `last` (null: the table's last). */
export interface ChangedRange {
  readonly after: readonly string[] | null;
  readonly last: readonly string[] | null;
  /** How many of the rows that were copied stand before them. */
  readonly from: number;
  /** How many there were, and are. */
  readonly before: number;
  readonly now: number;
}

/** What became of a table of the source since the clone was made. */
export type TableFinding =
  | { readonly name: string; readonly state: 'same' | 'gone' | 'new' }
  /** Columns or keys are others: its rows were not compared. */
  | { readonly name: string; readonly state: 'redefined' }
  /** The clone never had its rows, or the site sends them in another form by now. */
  | { readonly name: string; readonly state: 'not-comparable' }
  | { readonly name: string; readonly state: 'changed'; readonly ranges: readonly ChangedRange[] };

/**
 * Asks a live site which of its rows changed since a clone was made of it, without fetching any. `info` is what the site says of itself
 * now. Undefined when the clone remembers nothing. Throws what the client throws.
 */
export async function surveyDatabase(
  baseline: string,
  client: Pick<SiteClient, 'digests'>,
  info: SiteInfo,
  signal: AbortSignal,
): Promise<readonly TableFinding[] | undefined> {
  const origin = await readDatabaseOrigin(baseline);
  if (!origin) return undefined;
  const kept = await rangesByTable(baseline, origin);
  const known = origin.tables.map((table): [OriginTable, TableFinding['state'] | undefined] => [
    table,
    withoutRows(table, origin, info),
  ]);
  const changed = await compareRows(
    known.flatMap(([table, state]) => (state === undefined ? [table] : [])),
    kept,
    client,
    signal,
  );
  const names = new Set(origin.tables.map(({ name }) => name));
  const found = known.map(([{ name }, state]): TableFinding => {
    const ranges = changed.get(name) ?? [];
    if (ranges.length > 0) return { name, state: 'changed', ranges };
    return state === undefined || state === 'changed' ? { name, state: 'same' } : { name, state };
  });
  const fresh = info.tables.filter(({ name }) => !names.has(name));
  return [...found, ...fresh.map(({ name }): TableFinding => ({ name, state: 'new' }))];
}

async function rangesByTable(baseline: string, origin: DatabaseOrigin): Promise<Map<string, OriginRange[]>> {
  const kept = new Map<string, OriginRange[]>(origin.tables.map(({ name }) => [name, []]));
  for await (const range of readRanges(baseline)) kept.get(origin.tables[range.t]?.name ?? '')?.push(range);
  return kept;
}

/** What can be told of a table without looking at its rows; undefined when these decide. */
function withoutRows(table: OriginTable, origin: DatabaseOrigin, info: SiteInfo): TableFinding['state'] | undefined {
  const now = info.tables.find(({ name }) => name === table.name);
  if (!now) return 'gone';
  if (definitionDigest(now.definition) !== table.definition) return 'redefined';
  return table.copied === 'structure' || info.rowFormat !== origin.rowFormat ? 'not-comparable' : undefined;
}

async function compareRows(
  tables: readonly OriginTable[],
  kept: ReadonlyMap<string, readonly OriginRange[]>,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): Promise<Map<string, ChangedRange[]>> {
  const changed = new Map<string, ChangedRange[]>();
  for await (const { answer, range, after, from, unchanged } of compareRanges(tables, kept, client, signal)) {
    if (unchanged) continue;
    const found: ChangedRange = {
      after,
      // Beyond the last range that is known there is no bound: more may come before it is read.
      last: range === undefined ? null : answer.last,
      from,
      before: range?.rows ?? 0,
      now: answer.rows,
    };
    add(changed, answer.table, found);
  }
  return changed;
}

/** What a site says of a range that is known, or of some of what lies beyond the last one. */
export interface ComparedRange {
  readonly answer: RangeDigest;
  /** Undefined beyond the last one. */
  readonly range: OriginRange | undefined;
  /** The key before its first row; null at the table's start. */
  readonly after: readonly string[] | null;
  /** How many of the known rows stand before it. */
  readonly from: number;
  /** It holds what it held. Never so for one that came in parts. */
  readonly unchanged: boolean;
}

/** Asks what became of known ranges of tables, table by table and in key order. Throws what the client throws. */
export async function* compareRanges(
  tables: readonly Omit<TableRead, 'after' | 'upto'>[],
  kept: ReadonlyMap<string, readonly OriginRange[]>,
  client: Pick<SiteClient, 'digests'>,
  signal: AbortSignal,
): AsyncGenerator<ComparedRange> {
  const places = new Map<string, Place>();
  const reads = tables.map((table) => {
    const bounds = (kept.get(table.name) ?? []).flatMap(({ last }) => (last ? [last] : []));
    return { ...table, bounds };
  });
  for await (const answer of client.digests(reads, signal)) {
    const place = places.get(answer.table) ?? { at: 0, from: 0, after: null, cut: false };
    const range = kept.get(answer.table)?.[place.at];
    yield { answer, range, after: place.after, from: place.from, unchanged: !place.cut && isSame(range, answer) };
    const reached = answer.sha256 !== null && range !== undefined;
    places.set(answer.table, {
      at: place.at + (reached ? 1 : 0),
      from: place.from + (reached ? range.rows : 0),
      after: answer.last ?? place.after,
      cut: answer.sha256 === null,
    });
  }
}

/** How far a table has been compared. */
interface Place {
  /** Number of the range that comes next. */
  readonly at: number;
  readonly from: number;
  readonly after: readonly string[] | null;
  /** The last answer ended inside of the range: the next one is its rest. */
  readonly cut: boolean;
}

/** The end of a table brings an answer without rows, of which nothing is known beforehand. */
function isSame(range: OriginRange | undefined, answer: RangeDigest): boolean {
  if (range === undefined) return answer.bytes === 0;
  return answer.sha256 === range.sha256 && answer.rows === range.rows;
}

/** A range that came in parts, and what lies beyond the last known one, is one range. */
function add(changed: Map<string, ChangedRange[]>, table: string, found: ChangedRange): void {
  const list = changed.get(table) ?? [];
  const before = list.at(-1);
  if (before?.from === found.from && before.before === found.before)
    list[list.length - 1] = { ...found, after: before.after, now: before.now + found.now };
  else list.push(found);
  changed.set(table, list);
}
