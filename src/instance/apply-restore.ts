import { applyStaged, stageChanges } from '../restore/write/write.ts';
import { refuseOther, refuseUndecided } from '../restore/plan/agreed.ts';
import { outcomeOf } from '../restore/plan/outcome.ts';
import type { WorkContext } from '../shared/context.ts';
import { addBrought } from '../transfer/origin/brought.ts';
import { createWriteClient, type WriteClient } from '../site/write/client.ts';
import { restoreOf } from './plan-restore.ts';
import type { AppliedRestore, ApplyRestoreTask, InstanceContext, InstanceSite } from './types.ts';

/** What ends only by itself: the site writes in one go, and whoever asked wants to hear how that ended. */
const steady = (): AbortSignal => new AbortController().signal;

/**
 * Makes the plan once more, beside the clone, and writes its rows and files when it is still the one that was agreed to. Where there is nothing to
 * write, nothing is left there. Until the site is asked to apply, a failure or a cancellation leaves nothing either. Throws PLAN_OUTDATED, RESTORE_CONFLICTS, FILES_STAY, DRIFT, PROTECTED,
 * DOES_NOT_FIT, RESTORE_IMPOSSIBLE and what the site throws.
 */
export async function applyRestoreOf(
  site: InstanceSite,
  task: ApplyRestoreTask,
  deps: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  context: InstanceContext,
): Promise<AppliedRestore> {
  const client = createWriteClient(task.access, task.key, { ...deps, retry: context.retry });
  try {
    const { plan, changes, brought } = await restoreOf(site, task, deps, context).catch((error: unknown) =>
      forget(client, error),
    );
    try {
      refuseUndecided(plan);
      if (task.agreed !== null) refuseOther(task.agreed, plan);
      const outcome = outcomeOf(plan);
      if (changes.items.length === 0) {
        await client.finish(steady());
        return { receipt: { state: 'new' }, items: 0, triggers: [], outcome };
      }
      const work = { www: site.paths.www, signal: context.signal, progress: context.progress };
      const host = await stageChanges(client, changes, work);
      context.signal.throwIfAborted();
      // Before it is brought, since nobody knows it any more once this was cut off. A copy for a rehearsal is not where it goes. Without it a
      // later plan asks a person more than it must; nothing else.
      if (task.kin === 'source') await addBrought(site.paths.baseline, brought).catch(() => undefined);
      const receipt = await applyStaged(client, steady());
      return { receipt, items: changes.items.length, triggers: host.triggers, outcome };
    } catch (error) {
      return await forget(client, error);
    }
  } finally {
    await client.close();
  }
}

/** Takes the stage away. Where the rows were applied although we did not hear of it, the site keeps all that undoing takes. */
async function forget(client: WriteClient, error: unknown): Promise<never> {
  await client.finish(steady()).catch(() => undefined);
  throw error;
}
