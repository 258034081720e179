import { applyRestoreOf } from '../engine/restore.ts';
import type { WritePort } from '../engine/written.ts';
import type { AppliedRestore } from '../instance/types.ts';
import { newRestoreId } from '../restore/write/id.ts';
import type { Runtime } from '../runtime/types.ts';
import type { WorkContext } from '../shared/context.ts';
import type { ErrorCode } from '../shared/error-codes.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { packageVersion } from '../shared/package-root.ts';
import type { State } from '../state/types.ts';
import { restoreReport, restoreRow } from './restore-reports.ts';
import type { AppliedReport, ApplyRequest } from './types.ts';

/** Applies a restore. Its id is kept before anything is written, so that whatever becomes of this process it can be found and undone. */
export async function applyRestore(
  request: ApplyRequest,
  url: string,
  port: WritePort,
  runtime: Runtime,
  state: State,
  context: WorkContext,
): Promise<AppliedReport> {
  const id = newRestoreId(context.randomBytes);
  const restore = { id, url, cloneId: request.cloneId, madeAt: context.now() };
  await state.restores.save(restoreRow(restore, { state: 'begun' }));
  const wish = { ...request, restore: id, version: await packageVersion() };
  const applied = await applyRestoreOf(wish, port, runtime, context).catch(async (error: unknown) => {
    // Where it may have been applied although nobody heard of it, the line stays: undo finds out.
    const known = toWpcloneError(error);
    if (UNCERTAIN.has(known.code)) throw uncertain(known, id);
    await state.restores.remove(id);
    throw error;
  });
  const row = restoreRow({ ...restore, url: applied.url }, applied.receipt);
  await state.restores.save(row);
  return { ...restoreReport(row), items: applied.items, warnings: warningsOf(applied) };
}

/** After these nobody knows what the site did. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set([
  'CANCELLED',
  'CLUSTER_UNREACHABLE',
  'INSTANCE_LOST',
  'INTERNAL',
  'LEASE_LOST',
  'MIGRATOR_MISSING',
  'RATE_LIMITED',
  'SIGNATURE_REFUSED',
  'SOURCE_BLOCKED',
  'SOURCE_DATABASE_DOWN',
  'SOURCE_FAILED',
  'SOURCE_IN_MAINTENANCE',
  'UNREACHABLE',
]);

/** Whoever reads it has to know how to find out, and how to take it back. */
const uncertain = (error: WpcloneError, id: string): WpcloneError =>
  new WpcloneError(
    error.code,
    `${error.message} Rows may have been written: "wpclone restore undo ${id}" finds out, and takes them back.`,
    { details: error.details, cause: error, nextSteps: error.nextSteps },
  );

function warningsOf({ triggers, objectCache }: AppliedRestore): string[] {
  const warnings: string[] = [];
  if (triggers.length > 0) warnings.push(`Triggers of the live site ran: ${triggers.join(', ')}.`);
  if (objectCache === 'keeps')
    warnings.push(
      'The object cache of the live site cannot be emptied: pages may show what was replaced until it expires.',
    );
  return warnings;
}
