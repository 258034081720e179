import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { askCredentials, credentialsAtHand } from '../credentials.ts';
import { type Accepted, acceptedSchema, deletedSchema, jobLineSchema } from '../schemas.ts';
import type { RemoteJobs } from '../types.ts';
import { attendJob, cancelJob, findJob, type Interrupted, outcomeOf, retryJob } from './attend.ts';
import { submitClone } from './clone.ts';
import { submitJob } from './submit-job.ts';
import type { AgentClient } from './http.ts';

const jobsSchema = z.object({ jobs: z.array(jobLineSchema) });

/** Submits the reset of a clone. */
export function submitReset(client: AgentClient, id: string, context: WorkContext) {
  const path = `/api/v2/clones/${encodeURIComponent(id)}/reset`;
  return submitJob(client, { method: 'POST', path, body: {} }, acceptedSchema, context);
}

/** Submits the deletion of a clone; one that is gone needs no job. */
export function submitDelete(client: AgentClient, id: string, context: WorkContext) {
  const path = `/api/v2/delete/${encodeURIComponent(id)}`;
  const schema = z.union([acceptedSchema, deletedSchema]);
  return submitJob(client, { method: 'DELETE', path }, schema, context);
}

/** Jobs of an agent as such, for those who submit one and do not wait, or look at it later. */
export function remoteJobs(client: AgentClient, interrupted: Interrupted): RemoteJobs {
  /** Whoever does not wait for a job but cancels while it is submitted decides about it as one who waits. */
  const unlessCancelled = async <T extends Accepted | { readonly deleted: true }>(
    taken: T,
    context: WorkContext,
  ): Promise<T> => {
    if (context.signal.aborted && 'job_id' in taken)
      outcomeOf(await attendJob(client, taken.job_id, { interrupted }, context));
    return taken;
  };
  return {
    submitClone: async (request, credentials, context) =>
      unlessCancelled(await submitClone(client, request, await credentialsAtHand(credentials), context), context),
    submitReset: async (id, context) => unlessCancelled(await submitReset(client, id, context), context),
    submitDelete: async (id, context) => unlessCancelled(await submitDelete(client, id, context), context),
    list: async (filter, { signal }) =>
      (await client.call({ method: 'GET', path: '/api/v2/jobs', query: { ...filter } }, jobsSchema, signal)).jobs,
    show: (id, { signal }) => findJob(client, id, signal),
    // Who only looks on leaves the job alone when they leave.
    watch: (id, context) => attendJob(client, id, { interrupted: leave }, context),
    cancel: (id, { signal }: WorkContext) => cancelJob(client, id, signal),
    retry: async (id, login, credentials, context) => {
      const job = await findJob(client, id, context.signal);
      const sent = await credentialsAtHand(credentials);
      const name = login.username === undefined ? {} : { source_username: login.username };
      const lacks = job.error?.code === 'LOGIN_NEEDED' && sent.source_password === undefined;
      const asked = lacks ? await askCredentials(login, credentials) : {};
      return unlessCancelled(await retryJob(client, id, { ...sent, ...name, ...asked }, context), context);
    },
  };
}

const leave = (): Promise<'leave'> => Promise.resolve('leave');
