import type { WorkContext } from '../shared/context.ts';
import type { Runtime } from '../runtime/types.ts';
import type { CloneFacts } from '../runtime/facts.ts';
import { runPipeline } from './pipeline.ts';

/**
 * Takes a clone back to its baseline. The state says `resetting` while it lasts, so that nobody takes a half-reset clone for a
 * good one; after a failure the clone answers nobody until it is reset again. Throws BUSY.
 */
export async function resetClone(runtime: Runtime, id: string, context: WorkContext): Promise<CloneFacts> {
  return runPipeline(context, (pipeline) =>
    pipeline.step('reset', async (step) => {
      const lease = await runtime.takeForReset(id, step.work);
      pipeline.cancelWith(lease.lost);
      pipeline.onUndo('reset', `${id} answers nobody until it is reset again`, (undo) => lease.release(undo));
      await lease.instance.operations.reset(undefined, step);
      const value = await lease.commit(step.work);
      return { value, message: `${id} is as it was when it was cloned` };
    }),
  );
}
