import type { WorkContext } from '../../shared/context.ts';
import { askCredentials, credentialsAtHand, type SentCredentials } from '../credentials.ts';
import type { Accepted } from '../schemas.ts';
import type { Credentials, SourceLogin } from '../types.ts';
import { type Attendance, attendJob, outcomeOf, retryJob } from './attend.ts';
import type { AgentClient } from './http.ts';

export interface LoginAttendance extends Attendance {
  readonly login: SourceLogin;
  readonly credentials: Credentials;
}

/**
 * Submits a job that may have to log in to a site, and waits for what it comes to. The log-in is asked for only once the
 * agent says that it needs one.
 */
export async function throughLogin(
  client: AgentClient,
  submit: (sent: SentCredentials) => Promise<Accepted>,
  { login, credentials, ...attendance }: LoginAttendance,
  context: WorkContext,
): Promise<Readonly<Record<string, unknown>>> {
  const sent = await credentialsAtHand(credentials);
  const { job_id: first } = await submit(sent);
  const mayAsk = sent.source_password === undefined;
  const ended = await attendJob(client, first, { ...attendance, mayAsk }, context);
  if (!mayAsk || ended.error?.code !== 'LOGIN_NEEDED') return outcomeOf(ended);
  // It needed one before it could be cancelled: nobody who has left is asked.
  context.signal.throwIfAborted();
  const complete = { ...sent, ...(await askCredentials(login, credentials)) };
  const { job_id: second } = await retryJob(client, first, complete, context);
  return outcomeOf(await attendJob(client, second, attendance, context));
}
