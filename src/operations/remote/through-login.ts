import type { WorkContext } from '../../shared/context.ts';
import type { Accepted } from '../schemas.ts';
import type { Credentials, SourceLogin } from '../types.ts';
import { type Attendance, attendJob, outcomeOf, retryJob } from './attend.ts';
import type { AgentClient } from './http.ts';
import { askedWords, type Words, wordsAtHand } from './words.ts';

export interface LoginAttendance extends Attendance {
  readonly login: SourceLogin;
  readonly credentials: Credentials;
}

/**
 * Hands in a job that may have to log in to a site, and waits for what it comes to. The words of the log-in are asked for only once the
 * agent says that it needs them.
 */
export async function throughLogin(
  client: AgentClient,
  submit: (words: Words) => Promise<Accepted>,
  { login, credentials, ...attendance }: LoginAttendance,
  context: WorkContext,
): Promise<Readonly<Record<string, unknown>>> {
  const sent = await wordsAtHand(credentials);
  const { job_id: first } = await submit(sent);
  const mayAsk = sent.source_password === undefined;
  const ended = await attendJob(client, first, { ...attendance, mayAsk }, context);
  if (!mayAsk || ended.error?.code !== 'LOGIN_NEEDED') return outcomeOf(ended);
  // It needed one before it could be cancelled: nobody who has left is asked.
  context.signal.throwIfAborted();
  const words = { ...sent, ...(await askedWords(login, credentials)) };
  const { job_id: second } = await retryJob(client, first, words, context);
  return outcomeOf(await attendJob(client, second, attendance, context));
}
