import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import type { BaselineSchema, BaselineTable } from '../../transfer/baseline/database.ts';
import type { OriginTable } from '../../transfer/origin/schema.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import { isKeptUnknown } from '../../transfer/database/unique-keys.ts';
import { LEAST_BYTES } from '../../transfer/table-files/mark.ts';
import type { ChangedRange, TableFinding } from '../../transfer/survey/database.ts';
import type { Kin } from '../kin.ts';
import { shortName } from '../merge/classes.ts';
import { protectedTable } from '../merge/never.ts';
import { definitionOf, type Key } from '../schema/parts.ts';
import type { TableDifferences } from '../merge/types.ts';
import { cloneChanges, type CloneChanges } from './clone-changes.ts';
import type { CloneDatabase } from './clone.ts';
import { versionsByCount, versionsByKey, type RawRows } from './compose.ts';
import { baseLines, type ComparedTable, type Extension } from './lines.ts';
import { liveChanges, type LiveChanges } from './live-changes.ts';
import { liveLines, pairs, type LiveLine } from './live.ts';
import type { Room } from './room.ts';

/** What is compared, and how. */
export interface Comparison {
  readonly kin: Kin;
  /** Tables whose definition goes with their rows, as they are compared then. */
  readonly extended?: ReadonlyMap<string, ComparedTable>;
  readonly baseline: string;
  readonly schema: BaselineSchema;
  readonly origin: ReadonlyMap<string, OriginTable>;
  /** What the live site says of its tables; it is being asked. */
  readonly surveyed: Promise<ReadonlyMap<string, TableFinding>>;
  readonly info: SiteInfo;
  readonly database: CloneDatabase;
  readonly client: Pick<SiteClient, 'rows'>;
  readonly rewriter: Pick<Rewriter, 'rows'>;
  readonly columnsOf: (table: TableInfo) => Promise<RowColumns>;
  readonly raws: RawRows;
  readonly room: Room;
  /** Large tables of the clone that nobody has written to. Asked late, so that whatever it reads was committed long before. */
  readonly untouched: () => Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
}

/** What became of a table as a whole, where it is not simply as it was. */
export interface TableNote {
  readonly name: string;
  readonly state:
    | 'new-in-clone'
    | 'dropped-in-clone'
    | 'altered-in-clone'
    | 'new-on-live'
    | 'dropped-on-live'
    | 'altered-on-live'
    | 'changed-on-live'
    | 'rows-left-out';
  /** Columns that are new. */
  readonly columns?: readonly string[];
  readonly rows?: number;
}

/** Tables whose changes on the live site are worth knowing although the clone left them alone. */
const TOLD = new Set([
  'posts',
  'terms',
  'term_taxonomy',
  'term_relationships',
  'users',
  'comments',
  'options',
  'wc_orders',
]);
/** Bytes up to which a table without a key is compared: it has to be held whole. */
export const WHOLE_BYTES = 16 * 1024 * 1024;
const NOTHING = { gone: [], come: [] };

/** What the clone changed in a table. Undefined when that cannot be told at all. */
export async function changesHere(table: ComparedTable, work: Comparison): Promise<CloneChanges | undefined> {
  if (whyNot(table, columnsIn(table, work), work) !== undefined) return undefined;
  if (table.bytes >= LEAST_BYTES && (await work.untouched()).has(table.name)) return NOTHING;
  const { columns } = await liveTable(table, work);
  return cloneChanges(work.baseline, table, work, columns);
}

const columnsIn = ({ name }: ComparedTable, { database }: Comparison): string[] | undefined =>
  database.tables.get(name)?.map((column) => column.name);

async function liveTable(
  table: ComparedTable,
  { info, columnsOf }: Comparison,
): Promise<{ readonly live: TableInfo | undefined; readonly columns: RowColumns }> {
  const live = info.tables.find((each) => each.name === table.name);
  return { live, columns: live ? await columnsOf(inOrder(live, table)) : { skip: new Set<number>() } };
}

/** The live table with its columns in the order in which they are asked for. */
export const inOrder = (live: TableInfo, { extension }: { readonly extension?: Extension }): TableInfo =>
  extension === undefined
    ? live
    : { ...live, columns: extension.there.flatMap((name) => live.columns.find((each) => each.name === name) ?? []) };

/**
 * Compares one table in three versions. `changes`: those of the clone; `finding`: that of the live site. Undefined where nothing can or
 * need be said but in the notes.
 */
export async function compareTable(
  table: ComparedTable,
  { changes, finding }: { readonly changes: CloneChanges | undefined; readonly finding: TableFinding | undefined },
  work: Comparison,
  note: (note: TableNote) => void,
): Promise<TableDifferences | undefined> {
  const { name } = table;
  const now = columnsIn(table, work);
  const state = whyNot(table, now, work);
  if (changes === undefined || now === undefined) {
    note({ name, state: state ?? 'dropped-in-clone' });
    return undefined;
  }
  const had = work.schema.tables.find((each) => each.name === name)?.columns ?? table.columns;
  const added = now.filter((column) => !had.includes(column));
  if (added.length > 0) note({ name, state: 'altered-in-clone', columns: added });
  if (finding?.state === 'gone') note({ name, state: 'dropped-on-live' });
  if (finding?.state === 'redefined') note({ name, state: 'altered-on-live' });
  const { live, columns } = await liveTable(table, work);
  const identity = describe(table, work, doubtOf(table, work, finding, live, added));
  if (table.key === null) return compareWhole(table, { changes, finding }, work, columns, identity, note);

  const here = takenAsTheyCame(changes, table, work);
  const clone = here.gone.length + here.come.length > 0;
  const ranges = rangesOf(finding, table);
  const wanted = clone || TOLD.has(shortName(identity));
  if (ranges.length > 0 && !wanted && protectedTable(shortName(identity)) !== 'machine')
    note({ name, state: 'changed-on-live' });
  const there: LiveChanges =
    ranges.length > 0 && wanted && isReadable(table, live)
      ? await liveChanges(work.baseline, table, ranges, work, columns)
      : NOTHING;
  const rows = versionsByKey({ columns: table.columns, key: table.key }, here, there, work.raws);
  return { ...identity, rows };
}

/** Why a table cannot be compared at all. */
function whyNot(
  table: ComparedTable,
  now: readonly string[] | undefined,
  { origin }: Pick<Comparison, 'origin'>,
): TableNote['state'] | undefined {
  if (now === undefined) return 'dropped-in-clone';
  // A table that had no rows has no file either; of a clone that does not remember, nobody knows which it is.
  if (table.file === null && origin.get(table.name)?.copied !== 'rows') return 'rows-left-out';
  return table.columns.every((column) => now.includes(column)) ? undefined : 'altered-in-clone';
}

const rangesOf = (finding: TableFinding | undefined, { rows, extension }: ComparedTable): readonly ChangedRange[] => {
  if (finding?.state === 'changed') return finding.ranges;
  const altered = finding?.state === 'redefined' && extension !== undefined;
  // The clone does not remember enough to say which, or nobody looked: all of it.
  return finding === undefined || altered ? [{ after: null, last: null, from: 0, before: rows, now: 0 }] : [];
};

/** Whether the live table still has the columns and the key that the rows are compared by. */
const isReadable = (table: ComparedTable, live: TableInfo | undefined): boolean =>
  live !== undefined &&
  (table.extension?.there ?? table.columns).every((column) => live.columns.some(({ name }) => name === column)) &&
  JSON.stringify(live.key) === JSON.stringify(table.key);

function describe(
  table: ComparedTable,
  { info, origin }: Comparison,
  doubt: string | undefined,
): Omit<TableDifferences, 'rows'> {
  const ids = origin.get(table.name)?.ids ?? null;
  return {
    name: table.name,
    prefix: info.tablePrefix,
    columns: table.columns,
    key: table.key,
    counter: ids?.column ?? counterIn(table),
    unique: uniqueIn(info.tables.find(({ name }) => name === table.name)),
    common: ids?.max == null ? null : BigInt(ids.max),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

/** The column that counts, of a clone that does not remember. */
export const counterIn = ({ create, key }: Pick<BaselineTable, 'create' | 'key'>): string | null => {
  const [column] = key ?? [];
  if (column === undefined || key?.length !== 1) return null;
  const line = create.split('\n').find((each) => each.trimStart().startsWith(`\`${column}\``));
  return line !== undefined && /\bAUTO_INCREMENT\b/i.test(line) ? column : null;
};

/** Of a definition that cannot be read, the site itself says what is taken when its rows are written. */
export function uniqueIn(live: TableInfo | undefined): readonly (readonly string[])[] {
  const keys = live === undefined ? [] : keysOf(live);
  const whole = keys.filter(({ kind, parts }) => kind === 'unique' && parts.every(({ length }) => length === null));
  return whole.map(({ parts }) => parts.map(({ column }) => column));
}

function keysOf({ name, definition }: TableInfo): readonly Key[] {
  try {
    return definitionOf(name, definition).keys;
  } catch {
    return [];
  }
}

function doubtOf(
  table: ComparedTable,
  { origin }: Comparison,
  finding: TableFinding | undefined,
  live: TableInfo | undefined,
  added: readonly string[],
): string | undefined {
  const goes = table.extension !== undefined;
  if (added.length > 0 && !goes) return 'its table was altered in the clone';
  if (finding?.state === 'gone') return 'the live site has its table no more';
  if (finding?.state === 'redefined' && !goes) return 'its table was altered on the live site';
  if (finding?.state === 'not-comparable') return 'the live site sends its table in another form by now';
  return doubtWhoever(table, live, origin);
}

/** What stands against comparing rows of a table with those of any site. */
export function doubtWhoever(
  table: Pick<BaselineTable, 'name' | 'key'>,
  live: TableInfo | undefined,
  origin: Comparison['origin'],
): string | undefined {
  const numbered = live?.columns.some(({ name, type }) => table.key?.includes(name) && /^(enum|set|bit)/.test(type));
  if (numbered) return 'rows of its table cannot be asked for one by one';
  if (isKeptUnknown(origin.get(table.name)?.kept)) return 'too many rows of its table keep the live site’s address';
  const complaints = origin.get(table.name)?.refused.complaints ?? 0;
  return complaints > 0 ? 'the clone’s database did not take all values of its table as they came' : undefined;
}

/** Rows that the clone's database had refused are missing in it, and nobody deleted them. */
function takenAsTheyCame(changes: CloneChanges, table: ComparedTable, { origin }: Comparison): CloneChanges {
  if ((origin.get(table.name)?.refused.rows ?? 0) === 0) return changes;
  const places = (table.key ?? []).map((column) => table.columns.indexOf(column));
  const keyOf = (line: string): string => places.map((at) => line.split('\t')[at]).join('\t');
  const there = new Set(changes.come.map(({ line }) => keyOf(line)));
  return { ...changes, gone: changes.gone.filter((line) => there.has(keyOf(line))) };
}

async function compareWhole(
  table: ComparedTable,
  { changes: here, finding }: { readonly changes: CloneChanges; readonly finding: TableFinding | undefined },
  work: Comparison,
  columns: RowColumns,
  identity: Omit<TableDifferences, 'rows'>,
  note: (note: TableNote) => void,
): Promise<TableDifferences | undefined> {
  if (here.gone.length + here.come.length === 0) {
    if (finding?.state === 'changed') note({ name: table.name, state: 'changed-on-live' });
    return undefined;
  }
  const tooLarge = table.bytes > WHOLE_BYTES ? 'its table has no key and is too large to be compared' : undefined;
  if (tooLarge !== undefined || identity.doubt !== undefined) {
    const rows = versionsByCount(here.gone, here.gone.map(asIs), here.come, work.raws);
    return { ...identity, doubt: identity.doubt ?? tooLarge, rows };
  }
  const base = await all(baseLines(work.baseline, table));
  const now = await all(work.database.lines(table.name, table.columns, null));
  const clone = pairs(Buffer.from(now.map((line) => `${line}\n`).join(''), 'latin1'), work.rewriter, columns);
  const { there = table.columns, live: more } = table.extension ?? {};
  const read = [{ name: table.name, columns: there, key: null }];
  // Also where nothing changed: in no other way is it known how its rows are written there.
  const live = await all(liveLines(work.client, read, work.rewriter, columns, work.signal, more));
  return { ...identity, rows: versionsByCount(base, live, clone, work.raws) };
}

const asIs = (line: string): LiveLine => ({ line, raw: line });

export async function all<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const chunk of chunks) found.push(...chunk);
  return found;
}
