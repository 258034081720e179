import { WpcloneError } from '../shared/errors.ts';
import { passwordSource } from './password.ts';
import type { View } from './presenters/view.ts';

/** What the command line and the environment say of the web server's own password. */
export interface HttpAuthOptions {
  /** --http-auth. */
  readonly user: string | undefined;
  /** --http-auth-password-file. */
  readonly file: string | undefined;
  readonly fromEnvironment: string | undefined;
}

/**
 * The name and password for the web server of a source; nothing where no name was given. Throws BAD_INPUT; when called
 * HTTP_AUTH_PASSWORD_MISSING, CANCELLED.
 */
export async function httpAuthSource(
  { user, file, fromEnvironment }: HttpAuthOptions,
  view: View,
  signal: AbortSignal,
): Promise<{ readonly httpAuth?: () => Promise<{ readonly username: string; readonly password: string }> }> {
  if (user === undefined) {
    if (file !== undefined) throw new WpcloneError('BAD_INPUT', '--http-auth-password-file needs --http-auth USER.');
    return {};
  }
  // What stands behind a colon is a password, and other users of this machine can read it in the list of processes.
  if (user.includes(':')) {
    const advice =
      'Give the user name alone: --http-auth USER. The password comes from a file, the environment or a prompt.';
    throw new WpcloneError('BAD_INPUT', `A password must not stand on the command line. ${advice}`);
  }
  const password = await passwordSource({ file, fromEnvironment, username: user, webServer: true, view, signal });
  return { httpAuth: async () => ({ username: user, password: await password() }) };
}
