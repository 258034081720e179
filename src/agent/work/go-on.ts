import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { errorFromWire } from '../../shared/wire-error.ts';
import type { Operations } from '../../operations/types.ts';
import { attemptOf } from '../jobs/attempt-name.ts';
import { hasMade } from '../jobs/clone-owners.ts';
import type { JobOutcome } from '../jobs/executor.ts';
import type { Begin } from './messages.ts';
import { outlivesProcess } from './outlives.ts';
import { perform, plain } from './perform.ts';

/**
 * Carries one job out, also one whose last attempt was cut off in the middle: what that one left is taken up or else cleared away, what it
 * had finished is not done again.
 */
export async function goOn(job: Begin, operations: Operations, context: WorkContext): Promise<JobOutcome> {
  const { cutOff } = job;
  if (cutOff === undefined) return perform(job, operations, context);
  // Also for one that was cancelled meanwhile: nothing is to live on without its job.
  const unstoppable = { ...context, signal: new AbortController().signal };
  if (cutOff.provisioned) {
    const finished = await finishedClone(job, operations, unstoppable);
    if (finished !== undefined) return finished;
  }
  // What goes on without the process of an attempt is taken up, but for one that was about to fail.
  const own = cutOff.failing !== undefined;
  if (own || !outlivesProcess(job.settings.runtime, job.kind)) {
    await operations.takeBack?.((lease) => own && lease === job.lease, unstoppable);
  }
  if (cutOff.failing !== undefined) throw errorFromWire(cutOff.failing);
  try {
    return await perform(job, operations, context);
  } catch (error) {
    const isGone = error instanceof WpcloneError && error.code === 'NOT_FOUND';
    if (job.kind !== 'delete' || !isGone) throw error;
    return { result: { clone_id: job.clone, deleted: true }, secrets: {} };
  }
}

/**
 * A clone that became ready in the moment in which its agent died. How long it took and how much was copied, nobody knows any more. One of
 * the name that another has made meanwhile, or that was to be replaced, is none of the job's.
 */
async function finishedClone(
  { clone, lease }: Begin,
  operations: Operations,
  context: WorkContext,
): Promise<JobOutcome | undefined> {
  if (clone === null) return undefined;
  const found = (await operations.list(context)).find(({ clone_id: id, status }) => id === clone && status === 'ready');
  if (found === undefined || !hasMade(attemptOf(lease), found)) return undefined;
  const { password = '', ...report } = await operations.show(clone, { password: true }, context);
  const { login_url } = await operations.loginLink(clone, context);
  return { result: plain({ ...report, warnings: [] }), secrets: { password, login_url } };
}
