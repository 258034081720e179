import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { warningsSchema } from '../../shared/event-schemas.ts';
import type { SentCredentials } from '../credentials.ts';
import { acceptedSchema, type Accepted, cloneReportSchema } from '../schemas.ts';
import type { CloneRequest, Credentials } from '../types.ts';
import type { CloneResult } from '../clone-report.ts';
import type { Attendance } from './attend.ts';
import { submitJob } from './submit-job.ts';
import type { AgentClient } from './http.ts';
import { throughLogin } from './through-login.ts';

const number = z.number();
const cloneResultSchema = z
  .object({
    ...cloneReportSchema.omit({ created_at: true }).shape,
    status: z.literal('ready'),
    password: z.string(),
    login_url: z.string(),
    unit: z.enum(['warm', 'waited', 'made', 'taken-up']).exactOptional(),
    connected_by: z.enum(['known-key', 'http', 'browser']).exactOptional(),
    timings: z
      .object({
        connect: number,
        provision: number,
        database: number,
        files: number,
        configure: number,
        verify: number,
        total: number,
      })
      .exactOptional(),
    transferred: z
      .object({
        tables: number,
        rows: number,
        files: number,
        rows_moved: number.exactOptional(),
        files_moved: number.exactOptional(),
        bytes: number,
        urls_rewritten: number,
      })
      .exactOptional(),
    warnings: warningsSchema.default([]),
  })
  .loose() satisfies z.ZodType<CloneResult>;

/** Has the agent make a clone and waits for it. A log-in is asked for only once the agent says that it needs one. */
export async function cloneThrough(
  client: AgentClient,
  request: CloneRequest,
  credentials: Credentials,
  attendance: Attendance,
  context: WorkContext,
): Promise<CloneResult> {
  const submit = (sent: SentCredentials) => submitClone(client, request, sent, context);
  return cloneOf(await throughLogin(client, submit, { login: request, credentials, ...attendance }, context));
}

/** Submits the request, with what of a log-in nobody has to be asked for. */
export async function submitClone(
  client: AgentClient,
  request: CloneRequest,
  sent: SentCredentials,
  context: WorkContext,
): Promise<Accepted> {
  const body = { ...bodyOf(request), ...sent };
  const call = { method: 'POST' as const, path: '/api/v2/clone', body };
  return submitJob(client, call, acceptedSchema, context);
}

const cloneOf = (result: object): CloneResult => {
  const parsed = cloneResultSchema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw new WpcloneError('AGENT_UNREACHABLE', 'The agent tells of a clone in a way that is not understood.', {
    cause: parsed.error,
  });
};

/** The request under the API's names; what is as it would be anyway is left out, for older agents. */
function bodyOf(request: CloneRequest): object {
  const { idGap, php, name, username, loginUrl } = request;
  return {
    source_url: request.url,
    ttl_minutes: request.ttlSeconds / 60,
    media: request.media,
    ...some('exclude_tables', request.excludeTables),
    ...some('include_tables', request.includeTables ?? []),
    ...some('exclude_paths', request.excludePaths),
    ...(Object.keys(request.defines).length === 0 ? {} : { defines: request.defines }),
    ...set('replace', request.replace === true),
    ...set('strict', request.strict),
    ...set('keep_mail', request.keepMail),
    ...set('allow_exec', request.allowExec === true),
    ...set('insecure', request.insecureTls),
    ...(idGap === undefined ? {} : { id_gap: idGap }),
    ...(php === undefined ? {} : { php }),
    ...(name === undefined ? {} : { customer_id: name }),
    ...(username === undefined ? {} : { source_username: username }),
    ...(loginUrl === undefined ? {} : { login_url: loginUrl }),
  };
}

const some = (name: string, words: readonly string[]): object => (words.length === 0 ? {} : { [name]: words });
const set = (name: string, on: boolean): object => (on ? { [name]: true } : {});
