import { WpcloneError } from '../../../shared/errors.ts';
import type { Job } from '../../jobs/types.ts';
import { hasEnded, longPoll } from '../calls.ts';
import { failureOf } from '../reports.ts';
import type { AgentDeps } from '../types.ts';

/** Seconds that v1's blocking calls wait: proxies cut a silent answer soon after. */
const BLOCKING = 55;

/** RFC 9745: since when these calls are old; what to use instead is linked (RFC 8288). */
export const deprecated = (successor: string) => ({
  deprecation: '@1790000000',
  link: `<${successor}>; rel="successor-version"`,
});

/** The job once it has completed, or as it is when the caller's time is over. Throws why it failed, and AGENT_STOPPING. */
export async function endedInTime(deps: AgentDeps, job: Job, atOnce: boolean, left: AbortSignal): Promise<Job> {
  const ask = async () => (await deps.store.find(job.id)) ?? job;
  const ended = await longPoll(deps, job.id, atOnce ? 0 : BLOCKING, left, ask, hasEnded);
  if (ended.state === 'failed') throw failureOf(ended);
  if (ended.state !== 'completed' && deps.closing.aborted) throw goesOn(job.id);
  return ended;
}

const goesOn = (job: string): WpcloneError =>
  new WpcloneError('AGENT_STOPPING', `The agent ends; the next one goes on with the job ${job}.`, {
    details: { job },
    retryAfter: 5,
  });
