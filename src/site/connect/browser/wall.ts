import type { Page as Tab } from 'playwright-core';
import { waitUntil } from '../../../shared/wait-until.ts';
import { staysAtHome } from '../../own-urls.ts';
import { isChallenge, isFromWordPress } from '../../signs.ts';
import { type BrowserDeps, withBrowser } from './browser.ts';
import { type BrowserLook, openContext, takeCookies } from './context.ts';
import { openFencedTab } from './fence.ts';

/** Milliseconds for a wall to make up its mind about a browser; and about one that it shows no script to. */
const CHALLENGE_TIMEOUT = 30_000;
const REFUSAL_TIMEOUT = 3000;

/**
 * Opens a page that a wall keeps from us in Chromium, waits until the wall lets it through, and takes its cookies over. False when
 * it does not. Throws BROWSER_MISSING.
 */
export function passWall(url: URL, look: BrowserLook, deps: BrowserDeps): Promise<boolean> {
  return withBrowser(url, deps, async (browser) => {
    const context = await openContext(browser, look);
    // The page itself stays at the site; a wall's own scripts and frames may come from elsewhere. Nothing secret is typed in here.
    const tab = await openFencedTab(
      context,
      url,
      (wanted) => wanted.navigation !== 'page' || staysAtHome(wanted.url, url),
    );
    const passed = await waitForPage(tab, url, deps);
    if (passed) await takeCookies(context, look.jar);
    return passed;
  });
}

async function waitForPage(tab: Tab, url: URL, deps: BrowserDeps): Promise<boolean> {
  let status = 0;
  tab.on('response', (answer) => {
    const page = answer.request().isNavigationRequest() && answer.frame() === tab.mainFrame();
    if (page && (answer.status() < 300 || answer.status() >= 400)) status = answer.status();
  });
  await tab.goto(url.href, { waitUntil: 'domcontentloaded' }).catch(() => null);
  const started = deps.now();
  const verdict = async (): Promise<'passed' | 'refused' | undefined> => {
    // A page that is being replaced cannot be asked; the next round can.
    const text = await tab.content().catch(() => undefined);
    const answer = { status, headers: {}, text: text ?? '' };
    if (text === undefined || isChallenge(answer)) return undefined;
    const refused = status === 0 || status === 401 || status === 403 || status === 429 || status === 503;
    if (!refused || isFromWordPress(answer)) return 'passed';
    return deps.now() - started > REFUSAL_TIMEOUT ? 'refused' : undefined;
  };
  return (await waitUntil(verdict, { every: 100, limit: CHALLENGE_TIMEOUT, signal: deps.signal }, deps)) === 'passed';
}
