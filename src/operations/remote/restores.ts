import type { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { SentCredentials } from '../credentials.ts';
import {
  appliedReportSchema,
  planSchema,
  restoreReportSchema,
  restoresSchema,
  undoReportSchema,
} from '../restore-schemas.ts';
import { acceptedSchema } from '../schemas.ts';
import type {
  AppliedReport,
  ApplyRequest,
  Credentials,
  RestoreOperations,
  RestorePlan,
  RestoreRequest,
  SourceLogin,
} from '../types.ts';
import type { Interrupted } from './attend.ts';
import { submitJob } from './submit-job.ts';
import type { AgentClient } from './http.ts';
import { throughLogin } from './through-login.ts';

/** Has the agent say what of a clone would go back. */
export async function planThrough(
  client: AgentClient,
  request: RestoreRequest,
  credentials: Credentials,
  interrupted: Interrupted,
  context: WorkContext,
): Promise<RestorePlan> {
  const body = { ...bodyOf(request), dry_run: true };
  const job = jobOf(client, '/api/v2/restore', body, request, context);
  return understood(planSchema, await throughLogin(client, job, { login: request, credentials, interrupted }, context));
}

/** Has the agent write what was agreed to. */
export async function applyThrough(
  client: AgentClient,
  { agreed, ...request }: ApplyRequest,
  credentials: Credentials,
  interrupted: Interrupted,
  context: WorkContext,
): Promise<AppliedReport> {
  const body = { ...bodyOf(request), ...(agreed === null ? {} : { agreed }) };
  const job = jobOf(client, '/api/v2/restore', body, request, context);
  const result = await throughLogin(client, job, { login: request, credentials, interrupted }, context);
  return understood(appliedReportSchema, result);
}

/** What an agent knows of restores, and does about them. */
export function remoteRestores(client: AgentClient, interrupted: Interrupted): RestoreOperations {
  const pathOf = (id: string): string => `/api/v2/restores/${encodeURIComponent(id)}`;
  return {
    list: async ({ signal }) =>
      (await client.call({ method: 'GET', path: '/api/v2/restores' }, restoresSchema, signal)).restores,
    show: (id, { signal }) => client.call({ method: 'GET', path: pathOf(id) }, restoreReportSchema, signal),
    undo: async (id, only, login, credentials, context) => {
      const body = only === undefined ? {} : { only };
      const job = jobOf(client, `${pathOf(id)}/undo`, body, login, context);
      return understood(
        undoReportSchema,
        await throughLogin(client, job, { login, credentials, interrupted }, context),
      );
    },
    accept: async (id, login, credentials, context) => {
      const job = jobOf(client, `${pathOf(id)}/accept`, {}, login, context);
      const result = await throughLogin(client, job, { login, credentials, interrupted }, context);
      return understood(restoreReportSchema, result);
    },
  };
}

/** Submits a job with a log-in at the live site. */
const jobOf =
  (
    client: AgentClient,
    path: string,
    body: object,
    { to, username, loginUrl, insecureTls }: SourceLogin & { readonly to?: string },
    context: WorkContext,
  ) =>
  ({ source_username: asked, source_password: password, ...web }: SentCredentials) => {
    const user = asked ?? username;
    const target = {
      ...(to === undefined ? {} : { url: to }),
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password }),
      ...(loginUrl === undefined ? {} : { login_url: loginUrl }),
      ...web,
    };
    const whole = { ...body, target, ...(insecureTls ? { insecure: true } : {}) };
    const call = { method: 'POST' as const, path, body: whole };
    return submitJob(client, call, acceptedSchema, context);
  };

/** What is wanted, under the API's names; what is as it would be anyway is left out. */
function bodyOf({ cloneId, isCopy, policy }: RestoreRequest): object {
  const { only, skip, take, delete: deletes, strict, include, decisions } = policy;
  return {
    clone_id: cloneId,
    ...(isCopy ? { rehearsal: true } : {}),
    ...some('only', only),
    ...some('skip', skip),
    ...some('include', include),
    ...(take === null ? {} : { take }),
    ...(deletes ? { delete: true } : {}),
    ...(strict ? { strict: true } : {}),
    ...(Object.keys(decisions).length === 0 ? {} : { decisions }),
  };
}

const some = (name: string, words: readonly string[]): object => (words.length === 0 ? {} : { [name]: words });

function understood<T>(schema: z.ZodType<T>, result: object): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw new WpcloneError('AGENT_UNREACHABLE', 'The agent tells of a restore in a way that is not understood.', {
    cause: parsed.error,
  });
}
