import { WpcloneError } from '../../../shared/errors.ts';
import { ownUrl } from '../../own-urls.ts';
import { brokenSite, refuseBarred } from '../visit/barred.ts';
import { findLoginForm } from '../visit/login-form.ts';
import { type Page, parsePage, refusal } from '../visit/page.ts';
import type { Session } from '../visit/session.ts';

/** The site's administration, logged in. */
export interface Admin {
  /** `…/wp-admin/`. */
  readonly base: URL;
  readonly session: Session;
  /** Logs in once more; whether that went well. */
  logInAgain?: (() => Promise<boolean>) | undefined;
  /** The site's pages as they were shown to us before. */
  readonly shown: readonly Page[];
  /** The link that ends our session, once a page has shown it. */
  logOutLink?: URL | undefined;
}

/** How many different pages a site may show once before the one that was asked for: each plugin that was just switched on has one. */
const MOST_DETOURS = 5;

/**
 * A page of the administration. Where the site leads to another one it is asked again, as long as that leads to somewhere new:
 * welcome pages come once. Throws when the administration is not open to us after all: SECOND_FACTOR, NOT_ADMINISTRATOR, MULTISITE,
 * DATABASE_UPGRADE_PENDING, SETUP_PENDING, SOURCE_FAILED.
 */
export async function openAdminPage(admin: Admin, path: string): Promise<Page> {
  const asked = new URL(path, admin.base);
  const seen = new Set<string>();
  for (;;) {
    const { page, led } = await lookAt(admin, asked);
    if (led === undefined) return page;
    if (led.pathname.endsWith('/wp-admin/upgrade.php')) throw upgradePending(led);
    if (/\/wp-admin\/(?:network|user)\//.test(led.pathname)) throw multisite(led);
    if (seen.has(led.href) || seen.size >= MOST_DETOURS) throw ledAway(led);
    seen.add(led.href);
  }
}

/**
 * The page, and where the site led us when it is another one. WordPress keeps all log-ins of a user in one value, which it reads and writes
 * again: of two in the same moment, whoever the other is, one is forgotten at once. So one that is not known any more is made anew, once.
 */
async function lookAt(admin: Admin, asked: URL): Promise<{ page: Page; led: URL | undefined }> {
  const page = await admin.session.get(asked).catch((error: unknown) => {
    const elsewhere = error instanceof WpcloneError && error.code === 'REDIRECTED_ELSEWHERE';
    const { target, path } = elsewhere ? error.details : {};
    // The administration of a network may be on another host.
    if (/\/wp-admin\/network\//.test(String(path))) throw multisite(new URL(String(target)));
    throw error;
  });
  if (findLoginForm(page)) {
    const { logInAgain } = admin;
    admin.logInAgain = undefined;
    if (await logInAgain?.()) return lookAt(admin, asked);
    throw new WpcloneError(
      'SECOND_FACTOR',
      'The password was right, but the site does not let us into its administration.',
    );
  }
  if (page.status === 401) refuseBarred(page);
  if (page.status >= 500 && refusal(page) === undefined) throw brokenSite(page);
  admin.logOutLink ??= ownUrl(parsePage(page)('#wp-admin-bar-logout a').attr('href'), page.url);
  return { page, led: isAnother(page.url, asked) ? page.url : undefined };
}

const isAnother = (shown: URL, asked: URL): boolean =>
  shown.pathname !== asked.pathname || shown.searchParams.get('page') !== asked.searchParams.get('page');

/** Throws MULTISITE for a page of a network's administration, whoever sees it. */
export function refuseNetwork(page: Page): void {
  if (parsePage(page)('body.multisite').length > 0) throw multisite(page.url);
}

/** Ends our session, so that it does not stay among the user's open sessions. A failure is ignored. */
export async function logOut(admin: Admin): Promise<void> {
  // A log-in is not made only to be ended.
  admin.logInAgain = undefined;
  try {
    if (!admin.logOutLink) await openAdminPage(admin, 'profile.php');
    if (admin.logOutLink) await admin.session.getOnce(admin.logOutLink);
  } catch {
    // The session then ends by itself after two days (auth_cookie_expiration).
  }
}

const multisite = ({ host }: URL): WpcloneError => new WpcloneError('MULTISITE', `${host} is a network of sites.`);

const upgradePending = ({ host }: URL): WpcloneError =>
  new WpcloneError('DATABASE_UPGRADE_PENDING', `WordPress at ${host} wants its database updated first.`);

function ledAway(led: URL): WpcloneError {
  if (led.pathname.includes('/wp-admin/')) {
    // The rest of its query may hold what is only for this user.
    const page = led.searchParams.get('page');
    const address = `${led.origin}${led.pathname}${page === null ? '' : `?page=${encodeURIComponent(page)}`}`;
    return new WpcloneError('SETUP_PENDING', `The site leads this user to ${address} whatever is asked for.`, {
      details: { address },
    });
  }
  // As shops do with their customers.
  const message = `The site leads this user to ${led.pathname} instead of its administration.`;
  return new WpcloneError('NOT_ADMINISTRATOR', message);
}
