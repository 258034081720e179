import { WpcloneError } from '../shared/errors.ts';
import type { Credentials } from './types.ts';

/** Words of a log-in as the API takes them. */
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
