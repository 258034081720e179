import type { WorkContext } from '../shared/context.ts';
import type { CloneFacts, Runtime } from '../runtime/types.ts';
import { runPipeline } from './pipeline.ts';

/**
 * Takes a clone back to its baseline. The state says `resetting` while it lasts, so that nobody takes a half-reset clone for a
 * good one; after a failure the clone answers nobody until it is reset again. Throws BUSY.
 */
export async function resetClone(runtime: Runtime, id: string, context: WorkContext): Promise<CloneFacts> {
  return runPipeline(context, async (pipeline) => {
    await pipeline.step('reset', async (step) => {
      await runtime.setState(id, 'resetting', step.work);
      const { instance } = await runtime.get(id, step.work);
      await instance.operations.reset(step);
      await runtime.setState(id, 'ready', step.work);
      return { value: undefined, message: `${id} is as it was when it was cloned` };
    });
    return (await runtime.get(id, context)).facts;
  });
}
