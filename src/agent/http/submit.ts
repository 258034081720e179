import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WpcloneError } from '../../shared/errors.ts';
import type { IdempotencyKey, Job, NewJob } from '../jobs/types.ts';
import type { AgentDeps } from './types.ts';

export interface Taken {
  readonly job: Job;
  /** The job of an earlier request with the same key. */
  readonly replayed: boolean;
}

/**
 * Puts a job into the queue, once for each Idempotency-Key. `check` throws why a new job cannot be taken; a request that comes again
 * is answered as the first one was. Throws AGENT_STOPPING, IDEMPOTENCY_CONFLICT, NAME_TAKEN, QUEUE_FULL.
 */
export async function submit(
  deps: AgentDeps,
  request: FastifyRequest,
  job: NewJob,
  check: () => Promise<void> = () => Promise.resolve(),
): Promise<Taken> {
  if (deps.draining()) {
    throw new WpcloneError('AGENT_STOPPING', 'The agent stops and takes no more jobs.', { retryAfter: 5 });
  }
  const key = idempotencyKey(request);
  const earlier = key === undefined ? undefined : await deps.store.findByKey(key);
  if (earlier !== undefined) return { job: earlier, replayed: true };
  await check();
  const { queue: limit, queuePerCustomer: customerLimit } = deps.limits;
  const options = { limit, customerLimit, ...(key === undefined ? {} : { key }) };
  const taken = await deps.store.enqueue(job, options);
  deps.wake('begin');
  return taken;
}

/** What says that a job is taken, and where to ask about it. */
const accepted = (job: Job) => ({
  job_id: job.id,
  status: job.state,
  status_url: `/api/v2/job-status/${job.id}`,
});

/** Answers 202 with where to ask about the job that was taken. */
export function acceptedAs(reply: FastifyReply, { job, replayed }: Taken): ReturnType<typeof accepted> {
  if (replayed) void reply.header('idempotency-replayed', 'true');
  const body = accepted(job);
  void reply.code(202).header('location', body.status_url).header('retry-after', '1');
  return body;
}

/** draft-ietf-httpapi-idempotency-key-header. The password is part of what is hashed: another one is another request. */
function idempotencyKey({ caller, headers, routeOptions, params, body }: FastifyRequest): IdempotencyKey | undefined {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') return undefined;
  if (key.length > 255) throw new WpcloneError('BAD_INPUT', 'The Idempotency-Key is longer than 255 characters.');
  const requestHash = createHash('sha256')
    .update(inOrder([params, body]))
    .digest('hex');
  return { scope: `${caller.token} ${routeOptions.url ?? ''}`, key, requestHash };
}

/** JSON in which the order of an object's fields, which means nothing, is always the same. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}
