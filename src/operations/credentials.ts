import { WpcloneError } from '../shared/errors.ts';
import type { Credentials, SourceLogin } from './types.ts';

/** A log-in as the API takes it. */
export interface SentCredentials {
  readonly source_username?: string | undefined;
  readonly source_password?: string | undefined;
  readonly http_auth_username?: string | undefined;
  readonly http_auth_password?: string | undefined;
}

/** Of a request that was sent from elsewhere: what it did not bring ends the work as LOGIN_NEEDED, once it turns out to be needed. */
export function credentialsOf(sent: SentCredentials): Credentials {
  const { source_password: password, http_auth_username: user, http_auth_password: second } = sent;
  return {
    askUsername: () => needed('wpclone has to log in to the site, and no administrator was named.'),
    password: () =>
      password === undefined
        ? needed('wpclone has to log in to the site, and no password came with the request.')
        : Promise.resolve(password),
    ...(user === undefined || second === undefined
      ? {}
      : { httpAuth: () => Promise.resolve({ username: user, password: second }) }),
  };
}

const needed = (message: string): Promise<never> => Promise.reject(new WpcloneError('LOGIN_NEEDED', message));

/** What can be sent without asking anybody. The web server's password comes before anything else, so that one is asked for. */
export async function credentialsAtHand({ password, passwordAtHand, httpAuth }: Credentials): Promise<SentCredentials> {
  const web = await httpAuth?.();
  return {
    ...(passwordAtHand === true && password !== undefined ? { source_password: await password() } : {}),
    ...(web === undefined ? {} : { http_auth_username: web.username, http_auth_password: web.password }),
  };
}

/** Asks for what a log-in at the site takes. Throws BAD_INPUT and PASSWORD_MISSING as a log-in in this process would. */
export async function askCredentials(
  { username }: Pick<SourceLogin, 'username'>,
  { askUsername, password }: Credentials,
): Promise<SentCredentials> {
  const name = username ?? (await askUsername?.());
  if (name === undefined) {
    throw new WpcloneError('BAD_INPUT', 'wpclone has to log in to the site: name an administrator with --username.');
  }
  if (password === undefined) throw new WpcloneError('PASSWORD_MISSING', `No password was given for ${name}.`);
  return { source_username: name, source_password: await password() };
}
