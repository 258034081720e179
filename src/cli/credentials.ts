import type { Credentials } from '../operations/types.ts';
import { httpAuthSource } from './http-auth.ts';
import { passwordSource, takePasswordFromEnvironment, usernamePrompt } from './password.ts';
import type { View } from './presenters/view.ts';

/** Passwords that came with the environment. */
export interface TakenPasswords {
  readonly source: string | undefined;
  readonly httpAuth: string | undefined;
}

/** Takes them out, so that no program that is started later inherits them. Call it first thing. */
export const takePasswords = (environment: NodeJS.ProcessEnv): TakenPasswords => ({
  source: takePasswordFromEnvironment(environment),
  httpAuth: takePasswordFromEnvironment(environment, 'WPCLONE_HTTP_AUTH_PASSWORD'),
});

/** What `sourceFlags` say of a log-in. */
export interface LoginFlagValues {
  readonly 'password-file'?: string | undefined;
  readonly 'http-auth'?: string | undefined;
  readonly 'http-auth-password-file'?: string | undefined;
}

/** How the words of a log-in are come by: given already, or asked for once they are needed. Throws BAD_INPUT, PASSWORD_MISSING. */
export async function sourceCredentials(
  flags: LoginFlagValues,
  username: string | undefined,
  taken: TakenPasswords,
  view: View,
  signal: AbortSignal,
): Promise<Credentials> {
  const file = flags['password-file'];
  const password = await passwordSource({ file, fromEnvironment: taken.source, username, view, signal });
  const askUsername = usernamePrompt(view, signal);
  const webServer = {
    user: flags['http-auth'],
    file: flags['http-auth-password-file'],
    fromEnvironment: taken.httpAuth,
  };
  return {
    ...(askUsername === undefined ? {} : { askUsername }),
    ...(await httpAuthSource(webServer, view, signal)),
    password,
    passwordAtHand: file !== undefined || taken.source !== undefined,
  };
}

/**
 * As `sourceCredentials`, for a command that logs in more than once, each time watched by another view: a person is asked once, and
 * what comes in files is read once, since standard input holds it only once.
 */
export function repeatedCredentials(
  flags: LoginFlagValues,
  username: string | undefined,
  taken: TakenPasswords,
): (view: View, signal: AbortSignal) => Promise<Credentials> {
  let first: Credentials | undefined;
  let password: Promise<string> | undefined;
  let web: ReturnType<NonNullable<Credentials['httpAuth']>> | undefined;
  return async (view, signal) => {
    const unread = first === undefined ? flags : { 'http-auth': flags['http-auth'] };
    const now = await sourceCredentials(unread, username, taken, view, signal);
    first ??= now;
    const { passwordAtHand = false } = first;
    const ask = passwordAtHand ? first.password : now.password;
    const askWeb = flags['http-auth-password-file'] === undefined ? now.httpAuth : first.httpAuth;
    return {
      ...now,
      passwordAtHand,
      ...(ask === undefined ? {} : { password: () => (password ??= ask()) }),
      ...(askWeb === undefined ? {} : { httpAuth: () => (web ??= askWeb()) }),
    };
  };
}
