import type { Browser, BrowserContext } from 'playwright-core';
import { Cookie, type CookieJar } from 'tough-cookie';
import { type HttpAuth, USER_AGENT } from '../../access.ts';

/** What a browser has in common with the plain session that it helps: to the site both are the same visitor. */
export interface BrowserLook {
  readonly jar: CookieJar;
  readonly httpAuth: HttpAuth | undefined;
  readonly insecureTls: boolean;
  /** The web server's password is for this site only. */
  readonly home: URL;
}

/** Opens a browser profile of its own that looks like the session, with its cookies. */
export async function openContext(browser: Browser, look: BrowserLook): Promise<BrowserContext> {
  const { httpAuth, home } = look;
  const context = await browser.newContext({
    ignoreHTTPSErrors: look.insecureTls,
    serviceWorkers: 'block',
    userAgent: USER_AGENT,
    ...(httpAuth ? { httpCredentials: { ...httpAuth, origin: home.origin } } : {}),
  });
  const cookies = await look.jar.getCookies(home.href);
  await context.addCookies(cookies.map(({ key, value }) => ({ name: key, value, url: home.origin })));
  return context;
}

/** Gives the browser's cookies to a plain session. */
export async function takeCookies(context: BrowserContext, jar: CookieJar): Promise<void> {
  for (const { name, value, domain, path, secure, httpOnly } of await context.cookies()) {
    const host = domain.replace(/^\./, '');
    const cookie = new Cookie({
      key: name,
      value,
      path,
      secure,
      httpOnly,
      ...(domain.startsWith('.') ? { domain: host } : {}),
    });
    await jar.setCookie(cookie, `${secure ? 'https' : 'http'}://${host}${path}`, { ignoreError: true });
  }
}
