import { z } from 'zod';
import { receiptSchema, type Receipt } from '../site/write/answers.ts';
import type { RestoreRow } from '../state/types.ts';
import type { RestoreReport } from './types.ts';

/** A receipt as the state keeps it. */
export const receiptText = ({ state, applied, undone }: Receipt): string => JSON.stringify({ state, applied, undone });

/** A restore as the state keeps it. */
export const restoreRow = (
  restore: Pick<RestoreRow, 'id' | 'url' | 'cloneId' | 'madeAt'>,
  receipt: Receipt,
): RestoreRow => ({ ...restore, status: receipt.state, receipt: receiptText(receipt) });

const keptSchema = receiptSchema.partial().catch({});
const stateSchema = z.pipe(z.string(), receiptSchema.shape.state).catch('applied');

/** A restore as it is printed. */
export function restoreReport(row: RestoreRow): RestoreReport {
  const { applied, undone } = keptSchema.parse(JSON.parse(row.receipt));
  return {
    restore_id: row.id,
    url: row.url,
    clone_id: row.cloneId,
    status: stateSchema.parse(row.status),
    made_at: new Date(row.madeAt).toISOString(),
    applied_at: applied === undefined ? null : new Date(applied.at * 1000).toISOString(),
    rows: applied?.rows ?? {},
    files: applied?.files ?? 0,
    held_ms: applied?.heldMilliseconds ?? null,
    left: undone?.left ?? null,
  };
}
