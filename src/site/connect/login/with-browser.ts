import type { Page as Tab } from 'playwright-core';
import { WpcloneError } from '../../../shared/errors.ts';
import { networkFailure } from '../../http.ts';
import { ownUrl, staysAtHome } from '../../own-urls.ts';
import { bareUrl } from '../address.ts';
import { type BrowserDeps, withBrowser } from '../browser/browser.ts';
import { type BrowserLook, openContext, takeCookies } from '../browser/context.ts';
import { openFencedTab, type Wanted } from '../browser/fence.ts';
import type { Site } from '../recognise/site.ts';
import type { Session } from '../visit/session.ts';
import type { Admin } from './admin.ts';
import { openLoginPage } from './open-page.ts';
import { type Credentials, defaultAdmin, loginLinks } from './over-http.ts';
import { submitLogin } from './submit.ts';

/**
 * Logs in with the system's Chromium, for log-in pages that need scripts or are not where WordPress has them, and hands its cookies
 * to a plain session. Throws BROWSER_MISSING, LOGIN_PAGE_NOT_FOUND, LOGIN_FAILED, SECOND_FACTOR, CAPTCHA.
 */
export async function logInWithBrowser(
  site: Site,
  credentials: Credentials,
  options: { readonly session: Session } & Pick<BrowserLook, 'insecureTls' | 'httpAuth'>,
  deps: BrowserDeps,
): Promise<Admin> {
  return withBrowser(site.home, deps, async (browser) => {
    const { session, ...look } = options;
    const context = await openContext(browser, { ...look, jar: session.jar, home: site.home });
    const leaked = Promise.withResolvers<never>();
    leaked.promise.catch(() => undefined);
    const led = new Set<string>();
    const mayAsk = stayingOnSite(site.home, credentials.password, leaked.reject, led);
    const tab = await openFencedTab(context, site.home, mayAsk);
    const opened = await openLoginPage(
      tab,
      candidatesOf(site, credentials),
      { ...credentials, home: site.home, led },
      deps,
    );
    await Promise.race([submitLogin(tab, { ...credentials, home: site.home }, opened, deps), leaked.promise]);
    await takeCookies(context, session.jar);
    return { base: adminOf(tab, site), session, shown: [site.front] };
  }).catch((error: unknown) => {
    deps.signal.throwIfAborted();
    throw networkFailure(error, site.home);
  });
}

/** No page of another host is asked for: `led` gets its host. Nothing that carries the password goes to one: `leaked` hears of it. */
function stayingOnSite(
  home: URL,
  password: string,
  leaked: (error: WpcloneError) => void,
  led: Set<string>,
): (wanted: Wanted) => boolean {
  const secrets = [password, encodeURIComponent(password), JSON.stringify(password).slice(1, -1)];
  return ({ url, carried, navigation }) => {
    if (staysAtHome(url, home)) return true;
    const leaks = secrets.some((secret) => carried.includes(secret));
    if (leaks) {
      leaked(new WpcloneError('LOGIN_FAILED', `The log-in page sends the password elsewhere, to ${url.origin}.`));
    }
    if (navigation === 'page') led.add(url.host);
    return !leaks && navigation === undefined;
  };
}

const candidatesOf = (site: Site, credentials: Credentials): URL[] =>
  credentials.loginUrl
    ? [credentials.loginUrl]
    : [...loginLinks(site.front), new URL(`${bareUrl(site.core)}/wp-login.php`)];

function adminOf(tab: Tab, site: Site): URL {
  const url = ownUrl(tab.url(), site.home);
  const path = url && /^.*\/wp-admin\//.exec(url.pathname)?.[0];
  return path === undefined ? defaultAdmin(site) : new URL(path, url);
}
