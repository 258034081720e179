import type { Locator, Page as Tab } from 'playwright-core';
import { WpcloneError } from '../../../shared/errors.ts';
import { waitUntil } from '../../../shared/wait-until.ts';
import { sameHost, staysAtHome } from '../../own-urls.ts';
import { fillIn, LOOK_AGAIN, nameField, nameForm, NEXT_BUTTONS, PASSWORD, send, type Work } from './fields.ts';
import { loginPageNotFound } from './not-found.ts';
import { LOGIN_WORDS } from './over-http.ts';
import { complaintOn, refusalOn } from './refusal.ts';

/** Milliseconds a page may take to show a field once it has loaded, and a second step once the name was sent. */
const FIELD_TIMEOUT = 8000;
/** Milliseconds for a password to show up beside a name that is there already. */
const LATE_PASSWORD = 1500;

/**
 * Opens the first of the candidates that asks for a password, at once or after the user name, which is then given. Says whether
 * that was so. A candidate that leads away from the site asks in vain;
 * `led` holds the hosts that it leads to. Throws LOGIN_PAGE_NOT_FOUND, or how the name was refused.
 */
export async function openLoginPage(
  tab: Tab,
  candidates: readonly URL[],
  { username, home, led }: { readonly username: string; readonly home: URL; readonly led: Set<string> },
  work: Work,
): Promise<{ readonly nameGiven: boolean }> {
  let refusal: WpcloneError | undefined;
  const tried = new Map<string, number | undefined>();
  for (const href of new Set(candidates.map((candidate) => candidate.href))) {
    const answer = await tab.goto(href, { waitUntil: 'domcontentloaded' }).catch(() => null);
    tried.set(href, answer?.status());
    if (!answer || !isAtHome(tab, home)) continue;
    const asked = await whatIsAsked(tab, answer.ok() ? FIELD_TIMEOUT : 1000);
    if (asked === 'password') return { nameGiven: false };
    if (asked === undefined) {
      for (const host of await waysAway(tab, home)) led.add(host);
      continue;
    }
    const said = await giveName(tab, username, work);
    if (said === 'password') return { nameGiven: true };
    // What took the name may have been another kind of form; the next candidate may still be the right one.
    refusal ??= said;
  }
  throw refusal ?? notFound(tried, led);
}

/** `tried`: the status of each address, where it answered. */
function notFound(tried: ReadonlyMap<string, number | undefined>, led: Iterable<string>): WpcloneError {
  const [first] = [...tried].filter(([, status = 0]) => status >= 500);
  if (first && [...tried.values()].every((status = 0) => status >= 500))
    return brokenPage(new URL(first[0]), first[1] ?? 500);
  const all = [...tried].map(([href, status = 200]) => (status < 400 ? href : `${href} (HTTP ${status})`)).join(', ');
  const closed = [...tried].find(([, status]) => status === 403)?.[0];
  return loginPageNotFound(all, led, closed === undefined ? {} : { closed });
}

/** It is where it should be, and breaks: another address would be no help. */
const brokenPage = ({ host, pathname }: URL, status: number): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', `${host} answers ${pathname} with HTTP ${status}.`, { retryable: true });

/** Other hosts that a page without a form offers to log in at: a button of a single sign-on is mostly a link. */
async function waysAway(tab: Tab, home: URL): Promise<string[]> {
  const links = await tab.locator('a[href^=http]:visible').all();
  const found = links.slice(0, 50).map(async (link) => {
    const href = (await link.getAttribute('href')) ?? '';
    const url = LOGIN_WORDS.test(`${href} ${(await link.textContent()) ?? ''}`) ? URL.parse(href) : null;
    return url === null || sameHost(url, home) ? [] : [url.host];
  });
  return (await Promise.all(found).catch(() => [])).flat();
}

/** Whether the browser is still at the site: redirects may have led it elsewhere. */
export function isAtHome(tab: Tab, home: URL): boolean {
  const url = URL.parse(tab.url());
  return url !== null && staysAtHome(url, home);
}

async function whatIsAsked(tab: Tab, timeout: number): Promise<'password' | 'name' | undefined> {
  const password = tab.locator(PASSWORD).first();
  if (!(await appears(password.or(nameField(tab)).first(), timeout))) return undefined;
  return (await appears(password, LATE_PASSWORD)) ? 'password' : 'name';
}

const appears = (field: Locator, timeout: number): Promise<boolean> =>
  field.waitFor({ state: 'visible', timeout }).then(
    () => true,
    () => false,
  );

/** Sends the name; resolves to what came of it: a field for the password, a refusal, or neither. */
async function giveName(tab: Tab, username: string, work: Work): Promise<'password' | WpcloneError | undefined> {
  const field = nameField(tab);
  const form = await nameForm(tab);
  await fillIn([{ field, value: username }], work);
  const before = await complaintOn(tab);
  await send(form, NEXT_BUTTONS, field);
  const cameOfIt = async (): Promise<'password' | WpcloneError | undefined> => {
    // A page that is being replaced cannot be asked; the next round can.
    const fields = await tab
      .locator(PASSWORD)
      .count()
      .catch(() => 0);
    return fields > 0 ? 'password' : refusalOn(tab, before).catch(() => undefined);
  };
  return waitUntil(cameOfIt, { every: LOOK_AGAIN, limit: FIELD_TIMEOUT, signal: work.signal }, work);
}
