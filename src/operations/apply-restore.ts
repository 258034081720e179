import { type Applied, applyRestoreOf } from '../engine/apply-restore.ts';
import type { WritePort } from '../engine/written.ts';
import { newRestoreId } from '../restore/write/id.ts';
import type { Runtime } from '../runtime/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
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
  const id = request.restore ?? newRestoreId(context.randomBytes);
  const restore = { id, url, cloneId: request.cloneId, madeAt: context.now() };
  const earlier = await state.restores.find(id);
  const goesOn = earlier !== undefined && earlier.status !== 'undone' && earlier.status !== 'accepted';
  // What an earlier attempt of the job has found out is known better than this.
  // A copy takes what it knows of a restore with it.
  if (!goesOn && !request.isCopy) await state.restores.save(restoreRow(restore, { state: 'begun' }));
  const isNamed = request.to !== undefined;
  const spec = { ...request, isNamed, restore: id, version: await packageVersion(), goesOn };
  const applied = await applyRestoreOf(spec, port, runtime, context).catch(async (error: unknown) => {
    // Where it may have been applied although nobody heard of it, the line stays: undo finds out.
    if (toWpcloneError(error).details['uncertain'] !== true) await state.restores.remove(id);
    throw error;
  });
  const row = restoreRow({ ...restore, url: applied.url }, applied.receipt);
  await (applied.items === 0 || request.isCopy ? state.restores.remove(id) : state.restores.save(row));
  return { ...restoreReport(row), items: applied.items, ...applied.outcome, warnings: warningsOf(applied) };
}

function warningsOf({ triggers, found, differences }: Applied): string[] {
  const warnings = [...differences];
  if (triggers.length > 0) warnings.push(`Triggers of the live site ran: ${triggers.join(', ')}.`);
  if (found)
    warnings.push(
      'An attempt that was cut off had written the rows already. What the site showed before is not known: look at it.',
    );
  return warnings;
}
