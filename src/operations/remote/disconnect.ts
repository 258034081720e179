import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { askCredentials, credentialsAtHand, type SentCredentials } from '../credentials.ts';
import { disconnectSchema } from '../schemas.ts';
import type { Credentials, DisconnectReport, SourceLogin } from '../types.ts';
import type { AgentClient } from './http.ts';

/** Seconds that a browser may take to log in and take the plugin off. */
const SECONDS = 300;

/** Has the agent take the plugin off a site; a log-in is asked for when it says that it needs one. */
export async function disconnectThrough(
  client: AgentClient,
  url: string,
  login: SourceLogin,
  credentials: Credentials,
  { signal }: WorkContext,
): Promise<DisconnectReport> {
  const known = await credentialsAtHand(credentials);
  const ask = (sent: SentCredentials): Promise<DisconnectReport> => {
    const body = {
      source_url: url,
      ...(login.username === undefined ? {} : { source_username: login.username }),
      ...(login.loginUrl === undefined ? {} : { login_url: login.loginUrl }),
      ...(login.insecureTls ? { insecure: true } : {}),
      ...sent,
    };
    return client.call(
      { method: 'POST', path: '/api/v2/disconnect', body, seconds: SECONDS },
      disconnectSchema,
      signal,
    );
  };
  try {
    return await ask(known);
  } catch (error) {
    if (toWpcloneError(error).code !== 'LOGIN_NEEDED' || known.source_password !== undefined) throw error;
    return ask({ ...known, ...(await askCredentials(login, credentials)) });
  }
}
