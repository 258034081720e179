import type { BrowserContext, Locator, Page as Tab } from 'playwright-core';
import { WpcloneError } from '../../../shared/errors.ts';
import { waitUntil } from '../../../shared/wait-until.ts';
import { plainWords } from '../visit/page.ts';
import { loginError } from './answer.ts';
import { fillIn, formAround, LOOK_AGAIN, PASSWORD, send, SUBMIT_BUTTONS, userField, type Work } from './fields.ts';
import { isAtHome } from './open-page.ts';
import { type Credentials, isLoginCookie } from './over-http.ts';
import { complaintOn, judge, refusalOn } from './refusal.ts';

/** Milliseconds for a log-in to be decided after the form was sent. */
const LOGIN_TIMEOUT = 20_000;
/** The same for a form that a browser should not have sent; a script of the page may send it all the same. */
const WANTING_TIMEOUT = 5_000;

/**
 * Fills whatever fields for a name and a password the open page shows, sends them, and returns once the browser holds a log-in.
 * Only the password when the name was given in a step before. Throws LOGIN_PAGE_NOT_FOUND, LOGIN_FAILED, COOKIES_BLOCKED, SECOND_FACTOR, CAPTCHA.
 */
export async function submitLogin(
  tab: Tab,
  credentials: Credentials & { readonly home: URL },
  { nameGiven }: { readonly nameGiven: boolean },
  work: Work,
): Promise<void> {
  const password = tab.locator(PASSWORD).first();
  const form = await formAround(tab, PASSWORD);
  const fields = [{ field: password, value: credentials.password }];
  if (!nameGiven) {
    const user = await userField(form);
    if (!user) throw new WpcloneError('LOGIN_PAGE_NOT_FOUND', 'The log-in page shows no field for a user name.');
    fields.unshift({ field: user, value: credentials.username });
  }
  if (!isAtHome(tab, credentials.home)) {
    throw new WpcloneError('LOGIN_FAILED', `The log-in leads elsewhere, to ${new URL(tab.url()).origin}.`);
  }
  await fillIn(fields, work);
  const before = await complaintOn(tab);
  const wanting = await leftEmpty(form);
  await send(form, SUBMIT_BUTTONS, password);
  await decided(tab, before, wanting, work);
}

/** A browser sends no form in which something that it wants is empty, and says so in a bubble that nobody sees. */
const leftEmpty = async (form: Locator): Promise<string> => {
  const fields = await form.locator(':is(input, select, textarea):invalid:visible').all();
  const labels = fields.map((field) => field.evaluate(labelOf).catch(() => ''));
  return plainWords((await Promise.all(labels)).filter((label) => label !== '').join(', '));
};

/** Runs in the browser. */
const labelOf = (field: {
  readonly labels?: ArrayLike<{ textContent: string | null }> | null;
  name?: string;
}): string => field.labels?.[0]?.textContent ?? field.name ?? '';

async function decided(tab: Tab, before: string, wanting: string, work: Work): Promise<void> {
  const cameOfIt = async (): Promise<'logged in' | WpcloneError | undefined> => {
    if ((await holdsLogin(tab.context())) || (await showsAdministration(tab))) return 'logged in';
    // A page that is being replaced cannot be asked; the next round can.
    return refusalOn(tab, before).catch(() => undefined);
  };
  const limit = wanting === '' ? LOGIN_TIMEOUT : WANTING_TIMEOUT;
  const answer = await waitUntil(cameOfIt, { every: LOOK_AGAIN, limit, signal: work.signal }, work);
  if (answer !== 'logged in') {
    // What it said before already, and still says, may be the reason, as where cookies cannot be set.
    const words = wanting === '' ? await complaintOn(tab).catch(() => '') : '';
    throw answer ?? loginError((await judge(tab)).answer, words, wanting);
  }
  await settle(tab);
}

const holdsLogin = async (context: BrowserContext): Promise<boolean> =>
  (await context.cookies()).some(({ name, value }) => isLoginCookie(name) && value.trim() !== '');

/** A site may give its cookies names of its own. */
const showsAdministration = async (tab: Tab): Promise<boolean> =>
  /\/wp-admin\//.test(tab.url()) &&
  (await tab
    .locator('body.wp-admin')
    .count()
    .catch(() => 0)) > 0;

/** Lets the browser arrive where the log-in leads: its address tells where the administration is. */
async function settle(tab: Tab): Promise<void> {
  await tab.waitForURL(/\/wp-admin\//, { waitUntil: 'commit', timeout: 3000 }).catch(() => undefined);
}
