import type { BrowserContext, Locator, Page as Tab } from 'playwright-core';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { CODE_SELECTOR, judgeAnswer, loginError } from './login-form.ts';
import { type Credentials, isLoginCookie } from './login-http.ts';
import { plainWords } from './page.ts';

const USER_FIELDS = [
  'input[autocomplete~=username]:visible',
  'input[name=log]:visible',
  'input[name*=user i]:visible',
  'input[type=email]:visible',
  'input[type=text]:visible',
  'input:not([type]):visible',
];
const SUBMIT = 'input[type=submit]:visible, button[type=submit]:visible, button:not([type]):visible';
const PASSWORD = 'input[type=password]:visible';
/** Where log-in pages of all kinds write why they refused. */
const COMPLAINT = '#login_error:visible, [role=alert]:visible, .login-error:visible, .error:visible';

/** Milliseconds for the scripts of a page to leave alone what is filled in. */
const FILL_PATIENCE = 5000;
/** Milliseconds for a log-in to be decided after the form was sent. */
const PATIENCE = 20_000;

/**
 * Fills whatever fields for a name and a password the open page shows, sends them, and returns once the browser holds a log-in.
 * Throws LOGIN_PAGE_NOT_FOUND, LOGIN_FAILED, SECOND_FACTOR, CAPTCHA.
 */
export async function submitLogin(
  tab: Tab,
  credentials: Credentials,
  work: Pick<WorkContext, 'signal' | 'sleep' | 'now'>,
): Promise<void> {
  const password = tab.locator(PASSWORD).first();
  const around = tab.locator('form', { has: tab.locator(PASSWORD) }).first();
  const form = (await around.count()) > 0 ? around : tab.locator('body');
  const user = await firstOf(form, USER_FIELDS);
  if (!user) throw new WpcloneError('LOGIN_PAGE_NOT_FOUND', 'The log-in page shows no field for a user name.');
  await fillIn(
    [
      { field: user, value: credentials.username },
      { field: password, value: credentials.password },
    ],
    work,
  );
  const button = form.locator(SUBMIT).first();
  await ((await button.count()) > 0 ? button.click({ noWaitAfter: true }) : password.press('Enter'));
  await decided(tab, work);
}

/**
 * Fills until the fields hold their values. A browser types into what has the focus, and pages move it by themselves:
 * WordPress' own does 200 ms after it was opened, and a password then lands in the field for the name. A field that
 * writes what it is given in another way is left to the site to judge.
 */
async function fillIn(
  fields: readonly { readonly field: Locator; readonly value: string }[],
  work: Pick<WorkContext, 'signal' | 'sleep' | 'now'>,
): Promise<void> {
  const deadline = work.now() + FILL_PATIENCE;
  for (;;) {
    for (const { field, value } of fields) await field.fill(value);
    const held = await Promise.all(fields.map(async ({ field, value }) => (await field.inputValue()) === value));
    if (held.every(Boolean) || work.now() >= deadline) return;
    await work.sleep(50, work.signal);
  }
}

async function firstOf(form: Locator, selectors: readonly string[]): Promise<Locator | undefined> {
  for (const selector of selectors) {
    const field = form.locator(selector).first();
    if ((await field.count()) > 0) return field;
  }
  return undefined;
}

async function decided(tab: Tab, work: Pick<WorkContext, 'signal' | 'sleep' | 'now'>): Promise<void> {
  const deadline = work.now() + PATIENCE;
  while (work.now() < deadline) {
    if (await holdsLogin(tab.context())) return settle(tab);
    // A page that is being replaced cannot be asked; the next round can.
    const refusal = await refusalOn(tab).catch(() => undefined);
    if (refusal) throw refusal;
    await work.sleep(50, work.signal);
  }
  throw loginError((await judge(tab)).answer, '');
}

const holdsLogin = async (context: BrowserContext): Promise<boolean> =>
  (await context.cookies()).some(({ name, value }) => isLoginCookie(name) && value.trim() !== '');

/** Lets the browser arrive where the log-in leads: its address tells where the administration is. */
async function settle(tab: Tab): Promise<void> {
  await tab.waitForURL(/\/wp-admin\//, { waitUntil: 'commit', timeout: 3000 }).catch(() => undefined);
}

async function refusalOn(tab: Tab): Promise<WpcloneError | undefined> {
  // Half a page would be judged by its first half: the complaint stands above the form that tells what it means.
  if ((await tab.evaluate('document.readyState')) === 'loading') return undefined;
  const onlyCode =
    (await tab.locator(PASSWORD).count()) === 0 &&
    (await tab.locator(CODE_SELECTOR).locator('visible=true').count()) > 0;
  if (onlyCode) return loginError('second-factor', '');
  const words = plainWords((await tab.locator(COMPLAINT).allTextContents()).join(' '));
  if (words === '') return undefined;
  const { answer } = await judge(tab);
  return loginError(answer, words);
}

async function judge(tab: Tab) {
  return judgeAnswer({ url: new URL(tab.url()), status: 200, headers: {}, text: await tab.content() });
}
