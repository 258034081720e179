import { type ErrorDetails, WpcloneError } from '../../../shared/errors.ts';

/** LOGIN_PAGE_NOT_FOUND: no form at `where`. `led`: the hosts that visitors are led to instead, as those of a single sign-on. */
export function loginPageNotFound(where: string, led: Iterable<string>, details: ErrorDetails = {}): WpcloneError {
  const hosts = [...new Set(led)].join(', ');
  const away = hosts === '' ? '' : ` Visitors are led to ${hosts} to log in.`;
  return new WpcloneError('LOGIN_PAGE_NOT_FOUND', `No log-in form was found at ${where}.${away}`, {
    details: { ...details, ...(hosts === '' ? {} : { elsewhere: hosts }) },
  });
}
