import type { SiteClient, TableRead } from '../../site/client-types.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { BaselineTable } from '../../transfer/baseline/database.ts';
import { escapeField } from '../../transfer/rewrite/rows.ts';
import type { RowColumns, Rewriter } from '../../transfer/rewrite/types.ts';
import type { Row } from '../merge/types.ts';
import { baseLines, rowOf, type ComparedTable } from './lines.ts';
import { liveLines } from './live.ts';

/** A row in the form of the row files. */
export const lineOf = (row: Row): string =>
  row.map((value) => (value === null ? String.raw`\N` : escapeField(value))).join('\t');

interface Asking {
  readonly client: Pick<SiteClient, 'rows'>;
  readonly rewriter: Pick<Rewriter, 'rows'>;
  readonly columns: RowColumns;
  readonly signal: AbortSignal;
}

/**
 * Asks the live site for single rows, to have them as they are written there: rows that are what they were when the clone was made,
 * given as the baseline has them. Throws SOURCE_CHANGED when one of them is not there any more.
 */
export async function askForRows(
  baseline: string,
  table: ComparedTable,
  wanted: readonly Row[],
  work: Asking,
): Promise<Map<string, Row>> {
  const reads = await readsFor(baseline, table, new Set(wanted.map(lineOf)));
  return found(reads, wanted, work, table.extension?.live);
}

async function found(
  reads: readonly TableRead[],
  wanted: readonly Row[],
  work: Asking,
  more?: string,
): Promise<Map<string, Row>> {
  const lines = new Set(wanted.map(lineOf));
  const rows = new Map<string, Row>();
  for await (const chunk of liveLines(work.client, reads, work.rewriter, work.columns, work.signal, more))
    for (const { line, raw } of chunk) if (lines.has(line)) rows.set(line, rowOf(raw));
  if (rows.size < lines.size)
    throw new WpcloneError('SOURCE_CHANGED', 'The live site changed while the plan was made.', { retryable: true });
  return rows;
}

/** The same of a site that the clone was not made of: where its rows stand is not known, so that all are read. */
export async function askInWhole(
  table: Pick<BaselineTable, 'name' | 'columns' | 'key'>,
  wanted: readonly Row[],
  work: Asking,
): Promise<Map<string, Row>> {
  const { name, columns, key } = table;
  return found([{ name, columns, key }], wanted, work);
}

/** Lines between two that are wanted which cost less than asking once more. */
const BETWEEN = 8;

/**
 * Each row is what comes after the one before it, up to itself: in the order in which the source reads them. Those that are near to each
 * other are asked for at once, with what is between them.
 */
async function readsFor(baseline: string, table: ComparedTable, lines: ReadonlySet<string>): Promise<TableRead[]> {
  const { name, columns, key, extension } = table;
  const places = (key ?? []).map((column) => columns.indexOf(column));
  const keyOf = (line: string): string[] => {
    const row = rowOf(line);
    return places.map((at) => Buffer.from(row[at] ?? '', 'latin1').toString('base64'));
  };
  const read = { name, columns: extension?.there ?? columns, key };
  const reads: TableRead[] = [];
  let before: string | undefined;
  let since = Number.POSITIVE_INFINITY;
  for await (const chunk of baseLines(baseline, table))
    for (const line of chunk) {
      since += 1;
      if (lines.has(line)) {
        const last = since > BETWEEN ? undefined : reads.pop();
        reads.push({
          ...(last ?? { ...read, ...(before === undefined ? {} : { after: keyOf(before) }) }),
          upto: keyOf(line),
        });
        since = 0;
      }
      before = line;
    }
  return reads;
}
