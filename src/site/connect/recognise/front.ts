import { WpcloneError } from '../../../shared/errors.ts';
import { sameHost } from '../../own-urls.ts';
import { bareUrl } from '../address.ts';
import type { Page } from '../visit/page.ts';
import type { Session } from '../visit/session.ts';

/** The page that every visitor is shown first, and the address that it was asked for at. */
export interface Front {
  readonly asked: URL;
  readonly front: Page;
  /** Says to which other host it leads. */
  readonly away?: WpcloneError;
}

/** Opens the front page at the first of the addresses that answers. Throws UNREACHABLE, TLS_FAILED, REDIRECTED_ELSEWHERE, RATE_LIMITED. */
export async function openFront(addresses: readonly URL[], session: Session): Promise<Front> {
  const [asked, ...others] = addresses;
  if (!asked) throw new WpcloneError('BAD_URL', 'No address was given.');
  const url = new URL(`${bareUrl(asked)}/`);
  // A 503 there may be the site's own "coming soon": a limit would show at the next page too, and is waited for there.
  const impatient = session.with({ impatient: true });
  try {
    return { asked, front: await impatient.get(url) };
  } catch (error) {
    if (error instanceof WpcloneError && error.details['circle'] === true)
      return { asked, front: await impatient.getOnce(url) };
    if (leadsAway(error, url)) return { asked, front: await impatient.getOnce(url), away: error };
    if (others.length === 0) throw atOnce(error);
    if (!lacksHttps(error)) throw orSaySo(atOnce(error), others[0]);
    return openFront(others, session);
  }
}

/** Nobody has answered there yet: whoever typed the address hears of it now, not after further tries of a job. */
function atOnce(error: unknown): unknown {
  if (!(error instanceof WpcloneError) || error.code !== 'UNREACHABLE' || !error.retryable) return error;
  const { code, message, details } = error;
  return new WpcloneError(code, message, { details, cause: error });
}

function leadsAway(error: unknown, asked: URL): error is WpcloneError {
  const target = error instanceof WpcloneError && error.code === 'REDIRECTED_ELSEWHERE' && error.details['target'];
  const to = URL.parse(String(target));
  return to !== null && !sameHost(to, asked);
}

/** Whoever gave no scheme hears how a site is reached that offers https to nobody, and answers nobody there. */
function orSaySo(error: unknown, plain: URL | undefined): unknown {
  if (!(error instanceof WpcloneError) || error.code !== 'UNREACHABLE' || plain === undefined) return error;
  const { code, message, details, nextSteps, retryable } = error;
  const step = `Where the site offers no https, say so, and the password is sent in the clear: ${bareUrl(plain)}`;
  return new WpcloneError(code, message, { details, retryable, cause: error, nextSteps: [...nextSteps, step] });
}

/**
 * A certificate that is wrong is no reason to send a password in the clear, nor is a server that is slow or out of order: only a site that turns
 * https away is tried without.
 */
function lacksHttps(error: unknown): boolean {
  if (!(error instanceof WpcloneError)) return false;
  const { code, details } = error;
  if (code === 'TLS_FAILED') return details['notTls'] === true;
  if (code === 'UNREACHABLE') return details['turnedAway'] === true;
  return code === 'REDIRECTED_ELSEWHERE' && String(details['target']).startsWith('http:');
}
