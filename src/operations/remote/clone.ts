import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { warningsSchema } from '../../shared/event-schemas.ts';
import { acceptedSchema, type Accepted, cloneReportSchema } from '../schemas.ts';
import type { CloneRequest, CloneResult, Credentials, SourceLogin } from '../types.ts';
import { type Attendance, attendJob, outcomeOf, retryJob } from './attend.ts';
import type { AgentClient } from './http.ts';

const number = z.number();
const cloneResultSchema = z
  .object({
    ...cloneReportSchema.omit({ created_at: true }).shape,
    status: z.literal('ready'),
    password: z.string(),
    login_url: z.string(),
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
      .object({ tables: number, rows: number, files: number, bytes: number, urls_rewritten: number })
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
  const sent = await wordsAtHand(credentials);
  const { job_id: first } = await submitClone(client, request, sent, context);
  const mayAsk = sent.source_password === undefined;
  const ended = await attendJob(client, first, { ...attendance, mayAsk }, context);
  if (!mayAsk || ended.error?.code !== 'LOGIN_NEEDED') return cloneOf(outcomeOf(ended));
  const words = { ...sent, ...(await askedWords(request, credentials)) };
  const key = keyOf(context);
  const { job_id: second } = await retryJob(client, first, words, key, context.signal);
  return cloneOf(outcomeOf(await attendJob(client, second, attendance, context)));
}

/** Hands the request in, with the words of a log-in that nobody has to be asked for. */
export async function submitClone(
  client: AgentClient,
  request: CloneRequest,
  words: Words,
  context: WorkContext,
): Promise<Accepted> {
  const body = { ...bodyOf(request), ...words };
  const call = { method: 'POST' as const, path: '/api/v2/clone', body, key: keyOf(context) };
  return client.call(call, acceptedSchema, context.signal);
}

/** Calls of one command that get lost on the way are sent again as the same. */
export const keyOf = ({ randomBytes }: Pick<WorkContext, 'randomBytes'>): string =>
  randomBytes(18).toString('base64url');

export interface Words {
  readonly source_username?: string;
  readonly source_password?: string;
  readonly http_auth_username?: string;
  readonly http_auth_password?: string;
}

/** What can be sent without asking anybody. The web server's password comes before anything else, so that one is asked for. */
export async function wordsAtHand({ password, passwordAtHand, httpAuth }: Credentials): Promise<Words> {
  const web = await httpAuth?.();
  return {
    ...(passwordAtHand === true && password !== undefined ? { source_password: await password() } : {}),
    ...(web === undefined ? {} : { http_auth_username: web.username, http_auth_password: web.password }),
  };
}

/** Throws BAD_INPUT and PASSWORD_MISSING as a log-in in this process would. */
export async function askedWords(
  { username }: Pick<SourceLogin, 'username'>,
  { askUsername, password }: Credentials,
): Promise<Words> {
  const name = username ?? (await askUsername?.());
  if (name === undefined) {
    throw new WpcloneError('BAD_INPUT', 'wpclone has to log in to the site: name an administrator with --username.');
  }
  if (password === undefined) throw new WpcloneError('PASSWORD_MISSING', `No password was given for ${name}.`);
  return { source_username: name, source_password: await password() };
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
