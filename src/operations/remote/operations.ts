import type { WorkContext } from '../../shared/context.ts';
import { knownCode } from '../../shared/wire-error.ts';
import {
  cloneReportSchema,
  clonesSchema,
  deletedSchema,
  garbageSchema,
  loginLinkSchema,
  mailsSchema,
} from '../schemas.ts';
import type { Operations, RemoteOperations } from '../types.ts';
import type { CloneReport } from '../clone-report.ts';
import { attendJob, type Interrupted, outcomeOf } from './attend.ts';
import { cloneThrough } from './clone.ts';
import { disconnectThrough } from './disconnect.ts';
import { exposeFrom } from './expose.ts';
import type { AgentClient } from './http.ts';
import { remoteJobs, submitDelete, submitReset } from './jobs.ts';
import { readLogs } from './logs.ts';
import { remotePool } from './pool.ts';
import { applyThrough, planThrough, remoteRestores } from './restores.ts';

export interface RemoteSettings {
  readonly client: AgentClient;
  /** Operations on the agent's own runtime, for what must be done on the machine of who asks; undefined when that is another one. */
  readonly here: (() => Promise<Operations>) | undefined;
  readonly interrupted: Interrupted;
}

const clonePath = (id: string): string => `/api/v2/clones/${encodeURIComponent(id)}`;

/** Operations that an agent carries out. What takes long is a job there, which is followed to its end. */
export function createRemoteOperations({ client, here, interrupted }: RemoteSettings): RemoteOperations {
  const jobs = remoteJobs(client, interrupted);
  const done = async (job: string, context: WorkContext) =>
    outcomeOf(await attendJob(client, job, { interrupted }, context));
  const show = (id: string, password: boolean, { signal }: WorkContext): Promise<CloneReport> => {
    const query = password ? { show_password: 'true' } : {};
    return client.call({ method: 'GET', path: clonePath(id), query }, cloneReportSchema, signal);
  };

  return {
    tidiesItself: true,
    pool: remotePool(client),
    jobs,
    clone: (request, credentials, context) => cloneThrough(client, request, credentials, { interrupted }, context),
    list: async ({ signal }) =>
      (await client.call({ method: 'GET', path: '/api/v2/clones' }, clonesSchema, signal)).clones,
    show: (id, { password }, context) => show(id, password, context),
    loginLink: (id, { signal }) =>
      client.call({ method: 'POST', path: `${clonePath(id)}/login-link` }, loginLinkSchema, signal),
    expose: async (id, context, ended) => {
      const forward = here && (async () => (await here()).expose(id, context, ended));
      return exposeFrom(await show(id, false, context), forward);
    },
    extend: (id, seconds, { signal }) => {
      const body = { ttl_minutes: seconds / 60 };
      return client.call({ method: 'POST', path: `${clonePath(id)}/extend`, body }, cloneReportSchema, signal);
    },
    reset: async (id, context) => {
      const { job_id: job } = await submitReset(client, id, context);
      return cloneReportSchema.parse(await done(job, context));
    },
    planRestore: (request, credentials, context) => planThrough(client, request, credentials, interrupted, context),
    applyRestore: (request, credentials, context) => applyThrough(client, request, credentials, interrupted, context),
    restores: remoteRestores(client, interrupted),
    delete: async (id, context) => {
      const taken = await submitDelete(client, id, context);
      return 'deleted' in taken ? taken : deletedSchema.parse(await done(taken.job_id, context));
    },
    disconnect: (url, login, credentials, context) => disconnectThrough(client, url, login, credentials, context),
    mail: async (id, { signal }) =>
      (await client.call({ method: 'GET', path: `${clonePath(id)}/mail` }, mailsSchema, signal)).messages,
    logs: (id, options, { signal }) => readLogs(client, `${clonePath(id)}/logs`, options, signal),
    collectGarbage: async ({ signal }) => {
      const report = await client.call({ method: 'POST', path: '/api/v2/gc', seconds: 600 }, garbageSchema, signal);
      return { ...report, failed: report.failed.map(({ code, ...rest }) => ({ ...rest, code: knownCode(code) })) };
    },
    close: () => client.close(),
  };
}
