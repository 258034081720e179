import type { SiteClient } from '../../site/client-types.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import type { ChangedRange } from '../../transfer/survey/database.ts';
import { orderOf } from './clone-changes.ts';
import { difference } from './difference.ts';
import { baseLines, slice, type ComparedTable } from './lines.ts';
import { LIVE, liveLines, type LiveLine } from './live.ts';
import type { Room } from './room.ts';

/** What the live site changed in a table since the clone was made of it. */
export interface LiveChanges {
  readonly gone: readonly string[];
  readonly come: readonly LiveLine[];
}

interface Reading {
  readonly client: Pick<SiteClient, 'rows'>;
  readonly rewriter: Pick<Rewriter, 'rows'>;
  readonly room: Room;
  readonly signal: AbortSignal;
}

/** Reads the ranges that differ, and no others. */
export async function liveChanges(
  baseline: string,
  table: ComparedTable,
  ranges: readonly ChangedRange[],
  { client, rewriter, room, signal }: Reading,
  columns: RowColumns,
): Promise<LiveChanges> {
  const { name, key } = table;
  const reads = ranges.map(({ after, last }) => ({
    name,
    columns: table.extension?.there ?? table.columns,
    key,
    ...(after && { after }),
    ...(last && { upto: last }),
  }));
  const now = liveLines(client, reads, rewriter, columns, signal, table.extension?.live);
  return difference(baseRanges(baseline, table, ranges), now, LIVE, {
    order: orderOf(table),
    room: room.of(name),
  });
}

async function* baseRanges(
  baseline: string,
  table: ComparedTable,
  ranges: readonly ChangedRange[],
): AsyncGenerator<readonly string[]> {
  for (const { from, before } of ranges) if (before > 0) yield* slice(baseLines(baseline, table), from, from + before);
}
