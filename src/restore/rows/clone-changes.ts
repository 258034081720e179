import type { BaselineTable } from '../../transfer/baseline/database.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import { baseSpans, NotInSpans } from './base-spans.ts';
import type { CloneDatabase, Span } from './clone.ts';
import { difference, PLAIN, type Comparing, type Difference, type Order } from './difference.ts';
import { baseLines, rowOf, type ComparedTable } from './lines.ts';
import { pairs, type LiveLine } from './live.ts';
import type { Room } from './room.ts';

/** What the clone changed in a table: lines of the baseline that are not there any more, and lines that are there instead or besides. */
export interface CloneChanges {
  readonly gone: readonly string[];
  /** `line`: with the live site's addresses, which somebody may have typed, as the clone's; `raw`: as it is there. */
  readonly come: readonly LiveLine[];
}

/** Compares a table of the clone with what it was made with. */
export async function cloneChanges(
  baseline: string,
  table: ComparedTable,
  { database, rewriter, room }: { database: CloneDatabase; rewriter: Pick<Rewriter, 'rows'>; room: Room },
  columns: RowColumns,
): Promise<CloneChanges> {
  const comparing = { order: orderOf(table), room: room.of(table.name) };
  const { gone, come } =
    (await inSpans(baseline, table, database, comparing)) ?? (await whole(baseline, table, database, comparing));
  const block = Buffer.from(come.map((line) => `${line}\n`).join(''), 'latin1');
  return withoutSame(gone, pairs(block, rewriter, { skip: columns.skip, unique: columns.unique }));
}

function whole(
  baseline: string,
  table: ComparedTable,
  database: CloneDatabase,
  comparing: Comparing,
): Promise<Difference<string>> {
  const now = database.lines(table.name, table.columns, table.key);
  return difference(baseLines(baseline, table), now, PLAIN, comparing);
}

/**
 * The same for a table whose rows are in the order of the number that they begin with: the clone's server computes digests, and only spans
 * whose digest is another are read. Undefined where it has no such number.
 */
async function inSpans(
  baseline: string,
  table: ComparedTable,
  database: CloneDatabase,
  comparing: Comparing,
): Promise<Difference<string> | undefined> {
  const column = numberOf(table, database);
  if (column === undefined || table.file === null || table.extension !== undefined) return undefined;
  const found: Difference<string>[] = [];
  const compare = async (base: readonly string[], span: Span): Promise<void> => {
    const now = database.lines(table.name, table.columns, table.key, span);
    found.push(await difference(once(base), now, PLAIN, comparing));
  };
  let last: string | null = null;
  try {
    for await (const { after, upto, rows, text, escaped, sha256 } of baseSpans(baseline, table.file)) {
      const span = { column, after, upto };
      // What a server does not know how to write is not known to be the same.
      const asked = database.digest(table.name, table.columns, span, escaped).catch(() => undefined);
      // Counted here while it is counted there.
      const here = sha256();
      const there = await asked;
      if (there?.rows !== rows || there.sha256 !== here) await compare(text.toString('latin1').split('\n'), span);
      last = upto;
    }
  } catch (error) {
    if (error instanceof NotInSpans) {
      // All of it is found once more.
      for (const line of found.flatMap(({ gone, come }) => [...gone, ...come])) comparing.room?.(-line.length);
      return undefined;
    }
    throw error;
  }
  await compare([], { column, after: last, upto: null });
  return { gone: found.flatMap(({ gone }) => gone), come: found.flatMap(({ come }) => come) };
}

/** The first column, when it is the key and holds whole numbers on the clone's server too. */
function numberOf({ name, columns, key }: BaselineTable, { tables }: CloneDatabase): string | undefined {
  const [column] = columns;
  const type = tables.get(name)?.find((each) => each.name === column)?.type ?? '';
  const numbered = key?.length === 1 && key[0] === column && /^(tiny|small|medium|big)?int\b/.test(type);
  return numbered && !type.includes('zerofill') ? column : undefined;
}

async function* once<T>(chunk: readonly T[]): AsyncGenerator<readonly T[]> {
  if (chunk.length > 0) yield chunk;
}

/** What differs only in whose address is written there is no change. */
function withoutSame(gone: readonly string[], come: readonly LiveLine[]): CloneChanges {
  const left = new Map<string, number>();
  for (const line of gone) left.set(line, (left.get(line) ?? 0) + 1);
  const rest = come.filter(({ line }) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
  return { gone: [...left].flatMap(([line, count]) => Array.from({ length: count }, () => line)), come: rest };
}

/** By a key of one column that holds numbers; of others nobody knows on both sides what comes first. */
export function orderOf({ columns, key }: Pick<BaselineTable, 'columns' | 'key'>): Order | undefined {
  const column = key?.length === 1 ? columns.indexOf(key[0] ?? '') : -1;
  if (column === -1) return undefined;
  const number = (line: string): number => Number(rowOf(line)[column] ?? Number.NaN);
  return (one, other) => {
    const sign = Math.sign(number(one) - number(other));
    return Number.isNaN(sign) ? 0 : sign;
  };
}
