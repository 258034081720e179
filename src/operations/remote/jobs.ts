import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { acceptedSchema, deletedSchema, jobLineSchema } from '../schemas.ts';
import type { RemoteJobs } from '../types.ts';
import { attendJob, cancelJob, findJob, retryJob } from './attend.ts';
import { submitClone } from './clone.ts';
import type { AgentClient } from './http.ts';
import { askedWords, keyOf, wordsAtHand } from './words.ts';

const jobsSchema = z.object({ jobs: z.array(jobLineSchema) });

/** Jobs of an agent as such, for those who hand one in and do not wait, or look at it later. */
export function remoteJobs(client: AgentClient): RemoteJobs {
  const submit = { body: {}, method: 'POST' as const };
  return {
    submitClone: async (request, credentials, context) =>
      submitClone(client, request, await wordsAtHand(credentials), context),
    submitReset: (id, context) => {
      const path = `/api/v2/clones/${encodeURIComponent(id)}/reset`;
      return client.call({ ...submit, path, key: keyOf(context) }, acceptedSchema, context.signal);
    },
    submitDelete: (id, context) => {
      const path = `/api/v2/delete/${encodeURIComponent(id)}`;
      const call = { method: 'DELETE' as const, path, key: keyOf(context) };
      return client.call(call, z.union([acceptedSchema, deletedSchema]), context.signal);
    },
    list: async (filter, { signal }) =>
      (await client.call({ method: 'GET', path: '/api/v2/jobs', query: { ...filter } }, jobsSchema, signal)).jobs,
    show: (id, { signal }) => findJob(client, id, signal),
    // Who only looks on leaves the job alone when they leave.
    watch: (id, context) => attendJob(client, id, { interrupted: leave }, context),
    cancel: (id, { signal }: WorkContext) => cancelJob(client, id, signal),
    retry: async (id, login, credentials, context) => {
      const job = await findJob(client, id, context.signal);
      const sent = await wordsAtHand(credentials);
      const name = login.username === undefined ? {} : { source_username: login.username };
      const lacks = job.error?.code === 'LOGIN_NEEDED' && sent.source_password === undefined;
      const asked = lacks ? await askedWords(login, credentials) : {};
      return retryJob(client, id, { ...sent, ...name, ...asked }, keyOf(context), context.signal);
    },
  };
}

const leave = (): Promise<'leave'> => Promise.resolve('leave');
