import { WpcloneError } from '../../../shared/errors.ts';
import { ownUrl, sameHost } from '../../own-urls.ts';
import { isChallenge, isFromWordPress, wantsPassword } from '../../signs.ts';
import { bareUrl } from '../address.ts';
import { brokenSite, refuseBarred } from '../visit/barred.ts';
import { findLoginForm } from '../visit/login-form.ts';
import { type Page, parsePage } from '../visit/page.ts';
import type { Session } from '../visit/session.ts';
import { factsElsewhere } from './elsewhere.ts';
import { type Front, openFront } from './front.ts';
import type { Site } from './site.ts';

/**
 * Makes sure of the front page, at the first of the addresses that answers, that it is WordPress: by what the page shows, else
 * by the log-in page. What visitors of the front page are answered (403, 404, 500, 503, "coming soon") is no reason to stop.
 * Throws UNREACHABLE, TLS_FAILED, REDIRECTED_ELSEWHERE, HTTP_AUTH_REQUIRED, SOURCE_BLOCKED, SOURCE_FAILED, NOT_WORDPRESS,
 * SOURCE_IS_CLONE, SOURCE_IN_MAINTENANCE, SOURCE_DATABASE_DOWN, RATE_LIMITED.
 */
export async function recogniseSite(
  addresses: readonly URL[],
  session: Session,
  mayBeClone = false,
  opened: Promise<Front> = openFront(addresses, session),
): Promise<Site> {
  const { asked, front, away } = await opened;
  if (front.headers['x-wpclone-instance'] !== undefined && !mayBeClone) throw cloneItself(front);
  if (wantsPassword(front) || isChallenge(front)) refuseBarred(front);
  if (away) return behind(asked, front, away, session);
  const site = factsOf(asked, front) ?? (await factsElsewhere(asked, front, session));
  if (site) return site;
  const home = new URL(asked.pathname, front.url);
  if (isFromWordPress(front)) return { home, core: home, front };
  if (front.status === 403 && (await passed(front, session))) return recogniseSite(addresses, session, mayBeClone);
  refuseBarred(front);
  if (front.status >= 500) throw brokenSite(front);
  throw new WpcloneError('NOT_WORDPRESS', `${bareUrl(asked)} does not look like a WordPress site.`);
}

/** A wall may let a browser in that only refused us; without one here, its refusal stands. */
async function passed(front: Page, session: Session): Promise<boolean> {
  try {
    return await session.passWall(front.url);
  } catch (error) {
    if (error instanceof WpcloneError && error.code === 'BROWSER_MISSING') return false;
    throw error;
  }
}

const cloneItself = (front: Page): WpcloneError =>
  new WpcloneError(
    'SOURCE_IS_CLONE',
    `${front.url.host} is itself a clone that wpclone made; clones cannot be cloned.`,
  );

/**
 * WordPress whose visitors are sent to another host, as to the front end of one that only edits: it is here where its own log-in form is. Throws
 * `away` where that is elsewhere too: mostly the site has moved, or is known by another name.
 */
async function behind(asked: URL, front: Page, away: WpcloneError, session: Session): Promise<Site> {
  try {
    const site = await factsElsewhere(asked, front, session);
    if (!site || !sameHost(site.core, asked)) throw away;
    const login = await session.get(new URL(`${bareUrl(site.core)}/wp-login.php`));
    if (!findLoginForm(login)) throw away;
    return { ...site, home: sameHost(site.home, asked) ? site.home : site.core };
  } catch (error) {
    throw error instanceof WpcloneError && error.code === 'REDIRECTED_ELSEWHERE' ? away : error;
  }
}

/** The site's own addresses from its REST and RSD links, as far as they lie on the host we were asked to visit. */
function factsOf(asked: URL, front: Page): Site | undefined {
  const $ = parsePage(front);
  const rest = /<([^>]+)>;\s*rel="https:\/\/api\.w\.org\/"/.exec(front.headers['link'] ?? '')?.[1];
  const api = ownUrl(rest ?? $('link[rel="https://api.w.org/"]').attr('href'), front.url);
  const rsd = ownUrl($('link[rel=EditURI]').attr('href'), front.url);
  const asset = ownUrl(assetOf(front.text), front.url);
  const generator = /^WordPress\b/.test($('meta[name=generator]').attr('content') ?? '');
  if (!api && !rsd && !asset && !generator) return undefined;

  const home =
    before(api, /\/(?:index\.php\/)?wp-json\/.*|\/(?:index\.php)?\?rest_route=.*/) ??
    new URL(asked.pathname, front.url);
  const core = before(rsd, /\/xmlrpc\.php.*/) ?? before(asset, /\/wp-includes\/.*/) ?? home;
  return { home, core, front };
}

const assetOf = (html: string): string | undefined =>
  /["'(]((?:https?:)?\/\/[^"'()\s]+\/wp-includes\/[^"'()\s]+)/.exec(html)?.[1];

/** The part of a URL before `tail`, on the host and scheme where the front page was found. */
function before(url: URL | undefined, tail: RegExp): URL | undefined {
  if (!url) return undefined;
  const whole = url.pathname + url.search;
  const path = whole.replace(tail, '');
  return path === whole ? undefined : new URL(`${url.origin}${path}`);
}
