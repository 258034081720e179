import type { z } from 'zod';
import { withGrace } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { AgentClient, Call } from './http.ts';

/** Milliseconds that the answer to a request under way may still take once somebody cancels. */
const GRACE = 30_000;

/**
 * Submits a job, with an idempotency key: calls that get lost on the way are sent again as the same. Whoever cancels meanwhile still gets the answer: an agent that has read the request does it, and only who
 * knows the job's id can cancel it. So the context's signal may have aborted when this resolves; `attendJob` then asks what is to become of the job.
 */
export async function submitJob<T>(
  client: AgentClient,
  call: Call,
  schema: z.ZodType<T>,
  context: Pick<WorkContext, 'signal' | 'sleep' | 'randomBytes'>,
): Promise<T> {
  const { signal } = context;
  signal.throwIfAborted();
  const keyed = { ...call, key: context.randomBytes(18).toString('base64url') };
  let sending = signal;
  try {
    return await withGrace(GRACE, context, (limited) => client.call(keyed, schema, (sending = limited), signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    const reason = toWpcloneError(signal.reason);
    // Refused: there is no job, and who has cancelled need not know why.
    if (!sending.aborted && toWpcloneError(error).code !== 'AGENT_UNREACHABLE') throw reason;
    const message = `${reason.message} The agent did not say any more whether it has taken the job.`;
    const nextSteps = ['See whether it has: wpclone jobs; end it with wpclone jobs cancel JOB.'];
    throw new WpcloneError(reason.code, message, { cause: error, nextSteps });
  }
}
