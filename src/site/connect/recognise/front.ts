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
    if (!lacksHttps(error) || others.length === 0) throw atOnce(error);
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

/** A certificate that is wrong is no reason to send a password in the clear: only a site that does not offer https is tried without. */
function lacksHttps(error: unknown): boolean {
  if (!(error instanceof WpcloneError)) return false;
  const { code, details } = error;
  if (code === 'TLS_FAILED') return details['notTls'] === true;
  return code === 'UNREACHABLE' || (code === 'REDIRECTED_ELSEWHERE' && String(details['target']).startsWith('http:'));
}
