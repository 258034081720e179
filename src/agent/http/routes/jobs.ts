import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import { may } from '../../access/token.ts';
import type { Job, Secrets } from '../../jobs/types.ts';
import { requireOwn, requireScope } from '../access.ts';
import { acceptedAnswer, errorAnswer, jobsAnswer, jobStatusAnswer } from '../answers.ts';
import { idParameter, listQuery, waitQuery } from '../bodies.ts';
import { jobLine, jobStatus } from '../reports.ts';
import type { AgentDeps } from '../types.ts';

const ENDED: readonly Job['state'][] = ['completed', 'failed'];

/** What has become of jobs. */
export function jobRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { store } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();

  // The second name is v1's.
  for (const url of ['/api/v2/job-status/:id', '/api/v2/jobs/:id', '/jobs/:id']) {
    routes.get(
      url,
      {
        schema: { params: idParameter, querystring: waitQuery, response: { 200: jobStatusAnswer, '4xx': errorAnswer } },
      },
      async (request) => {
        const { caller, params, query } = request;
        requireScope(caller, 'read');
        const job = await patiently(deps, query.wait ?? 0, abortOf(request.raw), async () =>
          requireOwn(caller, params.id, await store.find(params.id)),
        );
        const secrets: Secrets =
          may(caller, 'clone') && job.state === 'completed' ? await store.resultSecrets(job.id) : {};
        return jobStatus(job, secrets);
      },
    );
  }

  routes.get(
    '/api/v2/jobs',
    { schema: { querystring: listQuery, response: { 200: jobsAnswer, '4xx': errorAnswer } } },
    async ({ caller, query }) => {
      requireScope(caller, 'read');
      const jobs = await store.list({
        ...(caller.customer === null ? {} : { customer: caller.customer }),
        ...(query.status === undefined ? {} : { states: [query.status] }),
        ...(query.limit === undefined ? {} : { limit: query.limit }),
        ...(query.before === undefined ? {} : { before: query.before }),
      });
      return { jobs: jobs.map(jobLine) };
    },
  );

  routes.post(
    '/api/v2/jobs/:id/cancel',
    { schema: { params: idParameter, response: { 202: acceptedAnswer, '4xx': errorAnswer } } },
    async ({ caller, params }, reply) => {
      requireScope(caller, 'clone');
      requireOwn(caller, params.id, await store.find(params.id));
      const job = await store.cancel(params.id);
      deps.wake();
      return reply.code(202).send(accepted(job));
    },
  );
}

/** What says that a job is taken, and where to ask about it. */
export const accepted = (job: Job) => ({
  job_id: job.id,
  status: job.state,
  status_url: `/api/v2/job-status/${job.id}`,
});

/** Asks again at each event until the job has ended or the seconds are over (long polling). */
export async function patiently(
  { nextEvent, work }: Pick<AgentDeps, 'nextEvent' | 'work'>,
  seconds: number,
  signal: AbortSignal,
  ask: () => Promise<Job>,
): Promise<Job> {
  const end = work.now() + seconds * 1000;
  for (;;) {
    const job = await ask();
    const left = end - work.now();
    if (ENDED.includes(job.state) || left <= 0 || signal.aborted) return job;
    await nextEvent(left, signal);
  }
}

/** Aborts when the caller goes away. */
export function abortOf(raw: { once(event: 'close', listener: () => void): unknown }): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
}
