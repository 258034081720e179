import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { Credentials, SourceLogin } from '../types.ts';

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
