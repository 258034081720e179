import { type ErrorDetails, WpcloneError } from '../../../shared/errors.ts';
import { ownUrl, sameHost, staysAtHome } from '../../own-urls.ts';
import { bareUrl } from '../address.ts';
import type { Site } from '../recognise/site.ts';
import { refuseBarred } from '../visit/barred.ts';
import { findLoginForm, foreignLoginForm, type LoginForm } from '../visit/login-form.ts';
import { type Page, parsePage } from '../visit/page.ts';
import { redirectOf, type Session } from '../visit/session.ts';
import { judgeAnswer, loginError, wantsMore } from './answer.ts';
import { loginPageNotFound } from './not-found.ts';

/** What is typed into a log-in form. `loginUrl`: where it is, when the person said so. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly loginUrl: URL | undefined;
}

/** Where the administration is, and whether the answer to the log-in wanted something more. */
export interface LoggedIn {
  readonly base: URL;
  /** The page that the log-in form was on. */
  readonly formPage: Page;
  readonly wantsMore: boolean;
}

/**
 * Logs in with plain HTTP and resolves to the URL of the administration. Resolves to undefined when that cannot work here and a
 * browser may: no plain form, or a refusal that is not about the password. Throws LOGIN_FAILED, COOKIES_BLOCKED, SECOND_FACTOR,
 * REDIRECTED_ELSEWHERE and what keeps us from the page.
 */
export async function logInOverHttp(
  site: Site,
  credentials: Credentials,
  session: Session,
): Promise<LoggedIn | undefined> {
  const found = await findForm(site, credentials.loginUrl, session);
  if (!found) return undefined;
  const { form, formPage } = found;
  const answer = await session.post(form.action, {
    ...form.fields,
    log: credentials.username,
    pwd: credentials.password,
    'wp-submit': 'Log In',
    testcookie: '1',
  });
  const admin = adminOf(site, form);
  const moved = redirectOf(answer);
  if (await isLoggedIn(session, admin)) {
    const shown = moved === undefined ? answer : await leadsTo(form, moved, session);
    const renamed = renamedAdmin(shown);
    if (renamed !== undefined) return { base: renamed, formPage, wantsMore: false };
    return { base: admin, formPage, wantsMore: shown !== undefined && wantsMore(shown) };
  }
  if (moved && !staysAtHome(moved, form.action)) {
    throw new WpcloneError('LOGIN_FAILED', `The log-in leads elsewhere, to ${moved.origin}.`);
  }
  if (moved && (await opensAdministration(session, admin))) return { base: admin, formPage, wantsMore: false };
  const page = moved ? await session.get(moved) : answer;
  refuseBarred(page);
  const { answer: kind, words } = judgeAnswer(page);
  if (kind === 'wrong-password' || kind === 'no-cookies' || kind === 'second-factor') throw loginError(kind, words);
  const isAnswer = words === '' && page.url.pathname === form.action.pathname;
  if (kind === 'unclear' && isAnswer && wantsMore(page)) throw loginError('second-factor', words);
  return undefined;
}

/** Whether the site gave us a log-in cookie of WordPress. */
async function isLoggedIn(session: Session, admin: URL): Promise<boolean> {
  const cookies = await session.jar.getCookies(admin.href);
  return cookies.some(({ key, value }) => isLoginCookie(key) && value.trim() !== '');
}

/** Whether the administration is open to us: a site may give its cookies names of its own (LOGGED_IN_COOKIE). */
async function opensAdministration(session: Session, admin: URL): Promise<boolean> {
  try {
    const page = await session.get(new URL('profile.php', admin));
    return page.status === 200 && parsePage(page)('body.wp-admin').length > 0;
  } catch (error) {
    if (error instanceof WpcloneError && error.code === 'REDIRECTED_ELSEWHERE') return false;
    throw error;
  }
}

/** Whether WordPress keeps a log-in in a cookie of this name (wp_cookie_constants). */
export const isLoginCookie = (name: string): boolean =>
  /^wordpress_(?:logged_in|sec)_|^wordpress_[0-9a-f]{32}$/.test(name);

/** WordPress's form says where it leads: to the administration, which may be elsewhere than the front page lets one think. */
function adminOf(site: Site, form: LoginForm): URL {
  const target = ownUrl(form.fields['redirect_to'], form.action);
  return target?.pathname.endsWith('/wp-admin/') ? new URL(target.pathname, target) : defaultAdmin(site);
}

/** The page that a log-in leads to where that is not the administration under its usual name. */
async function leadsTo(form: LoginForm, moved: URL, session: Session): Promise<Page | undefined> {
  if (moved.pathname.includes('/wp-admin/') || !staysAtHome(moved, form.action)) return undefined;
  return session.get(moved).catch(() => undefined);
}

/** Where the administration is when the log-in led to it under another name than wp-admin. */
function renamedAdmin(page: Page | undefined): URL | undefined {
  const isAdmin = page?.status === 200 && parsePage(page)('body.wp-admin').length > 0;
  return isAdmin ? new URL('./', page.url) : undefined;
}

/** Where the administration is when nothing says otherwise. */
export const defaultAdmin = (site: Site): URL => new URL(`${bareUrl(site.core)}/wp-admin/`);

async function findForm(
  site: Site,
  loginUrl: URL | undefined,
  session: Session,
): Promise<{ readonly form: LoginForm; readonly formPage: Page } | undefined> {
  const candidates = loginUrl ? [loginUrl] : [new URL(`${bareUrl(site.core)}/wp-login.php`), ...loginLinks(site.front)];
  let elsewhere: URL | undefined;
  const led: string[] = [];
  for (const candidate of candidates) {
    const page = await openCandidate(candidate, session, led);
    const form = page && findLoginForm(page);
    if (form) return { form, formPage: page };
    elsewhere ??= page && foreignLoginForm(page);
  }
  if (elsewhere) throw ownAddress(site, elsewhere);
  // A browser would be led there too; elsewhere it may find what a script makes.
  if (led.length === candidates.length) throw loginPageNotFound(candidates.map(({ href }) => href).join(', '), led);
  return undefined;
}

/** Mostly the site was asked for by another name than its own; or its WordPress is on another port than its home. */
function ownAddress(site: Site, form: URL): WpcloneError {
  const message = `The log-in page of ${site.home.host} sends passwords to ${form.host}.`;
  const details: ErrorDetails = sameHost(form, site.home)
    ? { loginUrl: `${form.origin}${form.pathname}` }
    : { target: form.origin };
  return new WpcloneError('REDIRECTED_ELSEWHERE', message, { details });
}

/** A log-in page that is elsewhere or gone is not an error yet: it may have been moved. `led`: gets the other host that it is led to. */
async function openCandidate(candidate: URL, session: Session, led: string[]): Promise<Page | undefined> {
  try {
    const page = await session.get(candidate);
    if (page.status === 401) refuseBarred(page);
    return page;
  } catch (error) {
    if (!(error instanceof WpcloneError) || error.code !== 'REDIRECTED_ELSEWHERE') throw error;
    const to = URL.parse(String(error.details['target']));
    if (to && !sameHost(to, candidate)) led.push(to.host);
    return undefined;
  }
}

export const LOGIN_WORDS =
  /log.?in|sign.?in|log.?on|anmeld|einlogg|connexion|acceder|entrar|accedi|inloggen|logga.?in|zaloguj|member|wp-login/i;

/** Links of the front page that look as if they led to the log-in; at most three. */
export function loginLinks(front: Page): URL[] {
  const $ = parsePage(front);
  const links = $('a[href]')
    .toArray()
    .filter((anchor) => LOGIN_WORDS.test(`${anchor.attribs['href'] ?? ''} ${$(anchor).text()}`))
    .map((anchor) => ownUrl(anchor.attribs['href'], front.url))
    .filter((url) => url !== undefined)
    .filter((url) => !/action=(?:register|lostpassword)/.test(url.search));
  return [...new Map(links.map((url) => [url.href, url])).values()].slice(0, 3);
}
