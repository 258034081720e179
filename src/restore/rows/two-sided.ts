import type { TableInfo } from '../../site/info.ts';
import type { RowColumns } from '../../transfer/rewrite/types.ts';
import { contentOf, quietPlaces, tableOf, type Table } from '../merge/parts.ts';
import { shortName } from '../merge/classes.ts';
import { protectedTable } from '../merge/never.ts';
import type { TableDifferences, Versions } from '../merge/types.ts';
import { orderOf } from './clone-changes.ts';
import { versionsByCount, versionsByKey } from './compose.ts';
import { all, type Comparison, counterIn, doubtWhoever, type TableNote, uniqueIn, WHOLE_BYTES } from './differences.ts';
import { difference, type Same } from './difference.ts';
import { LIVE, liveLines, pairs, type LiveLine } from './live.ts';

/** A table that both sides have. */
interface Both {
  readonly name: string;
  readonly live: TableInfo;
  /** Those that both have. */
  readonly columns: readonly string[];
  readonly doubt: string | undefined;
}

/**
 * Compares the clone with a site that it was not made of: row by row, each table whole, since there is no version before. What is the same on both sides is the
 * base of the merge. What the machinery keeps for itself is not compared.
 */
export async function compareTwoSides(
  work: Comparison,
  progress: (tables: number) => void,
): Promise<{ readonly tables: TableDifferences[]; readonly notes: TableNote[] }> {
  const notes: TableNote[] = [];
  const tables: TableDifferences[] = [];
  const prefix = work.info.tablePrefix;
  const isMachines = (name: string): boolean => protectedTable(shortName({ name, prefix })) === 'machine';
  for (const name of work.database.tables.keys()) {
    work.signal.throwIfAborted();
    if (isMachines(name)) continue;
    const both = bothOf(name, work);
    if (both === undefined) notes.push({ name, state: 'new-in-clone', rows: await work.database.count(name) });
    else if (work.origin.get(name)?.copied === 'structure') notes.push({ name, state: 'rows-left-out' });
    else tables.push(await compareBoth(both, work));
    progress(tables.length);
  }
  const there = work.info.tables.filter(({ name }) => !work.database.tables.has(name) && !isMachines(name));
  notes.push(...there.map(({ name }): TableNote => ({ name, state: 'new-on-live' })));
  return { tables, notes };
}

function bothOf(name: string, { database, info, schema, origin }: Comparison): Both | undefined {
  const live = info.tables.find((each) => each.name === name);
  if (live === undefined) return undefined;
  const here = new Set(database.tables.get(name)?.map((column) => column.name));
  const there = live.columns.filter(({ generated }) => !generated).map((column) => column.name);
  const columns = there.filter((column) => here.has(column));
  const key = schema.tables.find((each) => each.name === name)?.key ?? live.key;
  const isSame = columns.length === here.size && columns.length === there.length;
  const doubt =
    isSame && JSON.stringify(key) === JSON.stringify(live.key)
      ? doubtWhoever(live, live, origin)
      : 'its table has other columns or keys there';
  return { name, live, columns, doubt };
}

async function compareBoth({ name, live, columns, doubt }: Both, work: Comparison): Promise<TableDifferences> {
  const { definition, key } = live;
  const kept = { ...live, columns: live.columns.filter((column) => columns.includes(column.name)) };
  const identity: Omit<TableDifferences, 'rows'> = {
    name,
    prefix: work.info.tablePrefix,
    columns,
    key,
    counter: counterIn({ create: definition, key }),
    unique: uniqueIn(live),
    common: null,
    twoSided: true,
    ...(doubt === undefined ? {} : { doubt }),
  };
  const rewriting = await work.columnsOf(kept);
  return key === null
    ? byCount(identity, live, rewriting, work)
    : { ...identity, rows: await byKey({ ...identity, key }, rewriting, work) };
}

async function byKey(
  table: Omit<TableDifferences, 'rows' | 'key'> & { readonly key: readonly string[] },
  rewriting: RowColumns,
  work: Comparison,
): Promise<Versions[]> {
  const { name, columns, key } = table;
  const there = liveLines(work.client, [{ name, columns, key }], work.rewriter, rewriting, work.signal);
  const here = work.database.lines(name, columns, key);
  const known = tableOf({ ...table, rows: [] } satisfies TableDifferences);
  const comparing = { order: orderOf(table), same: sameBut(known), room: work.room.of(name) };
  const { gone: ours, come: theirs } = await difference(here, there, LIVE, comparing);
  const changes = { clone: { gone: [], come: typed(ours, rewriting, work) }, live: { gone: [], come: theirs } };
  return versionsByKey({ columns, key }, changes.clone, changes.live, work.raws).map(({ live, clone }) => {
    const isSame = live !== undefined && clone !== undefined && contentOf(known, [live]) === contentOf(known, [clone]);
    return { base: isSame ? live : undefined, live, clone };
  });
}

/**
 * Lines that differ in what changes by itself only, such as the address that feeds know a post by: no two sites that were installed apart
 * have that of any post alike, and nobody could hold all of them.
 */
function sameBut(table: Table): Same {
  const quiet = new Set(quietPlaces(table));
  return (one, other) => {
    if (one === other) return true;
    if (quiet.size === 0) return false;
    const [ours, theirs] = [one.split('\t'), other.split('\t')];
    return ours.every((field, at) => quiet.has(at) || field === theirs[at]);
  };
}

/** As often as both have it, so it was before. */
async function byCount(
  identity: Omit<TableDifferences, 'rows'>,
  { dataBytes }: TableInfo,
  rewriting: RowColumns,
  work: Comparison,
): Promise<TableDifferences> {
  const { name, columns, doubt } = identity;
  if (dataBytes > WHOLE_BYTES)
    return { ...identity, doubt: doubt ?? 'its table has no key and is too large to be compared', rows: [] };
  const read = [{ name, columns, key: null }];
  const live = await all(liveLines(work.client, read, work.rewriter, rewriting, work.signal));
  const clone = typed(await all(work.database.lines(name, columns, null)), rewriting, work);
  const left = new Map<string, number>();
  for (const { line } of live) left.set(line, (left.get(line) ?? 0) + 1);
  const base = clone.flatMap(({ line }) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count > 0 ? [line] : [];
  });
  return { ...identity, rows: versionsByCount(base, live, clone, work.raws) };
}

/** Rows of the clone: addresses of the other site, which somebody may have typed, are the clone's there too. */
const typed = (lines: readonly string[], { skip, unique }: RowColumns, { rewriter }: Comparison): LiveLine[] =>
  pairs(Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'), rewriter, { skip, unique });
