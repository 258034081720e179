import { WpcloneError } from '../../../shared/errors.ts';
import { databaseDown } from '../../answers.ts';
import { isChallenge, isFromWordPress, lostDatabase, wantsPassword } from '../../signs.ts';
import type { Page } from './page.ts';

/** Throws when something in front of WordPress keeps us out. */
export function refuseBarred(page: Page): void {
  const host = page.url.host;
  if (wantsPassword(page)) {
    throw new WpcloneError('HTTP_AUTH_REQUIRED', `${host} asks for a password of the web server (HTTP 401).`);
  }
  const challenge = isChallenge(page);
  if (challenge || ((page.status === 401 || page.status === 403) && !isFromWordPress(page))) {
    const wants = challenge ? 'wants to see a browser first' : 'refuses requests from this machine';
    throw new WpcloneError('SOURCE_BLOCKED', `${host} ${wants} (HTTP ${page.status}).`, {
      details: { host, status: page.status, challenge },
    });
  }
}

/** What a page that came with HTTP 500 or above means. */
export function brokenSite(page: Page): WpcloneError {
  const { host, pathname } = page.url;
  if (lostDatabase(page)) return databaseDown(host);
  return new WpcloneError('SOURCE_FAILED', `${host} answers ${pathname} with HTTP ${page.status}.`, {
    retryable: true,
  });
}
