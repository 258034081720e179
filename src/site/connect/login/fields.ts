import type { Locator, Page as Tab } from 'playwright-core';
import type { WorkContext } from '../../../shared/context.ts';
import { waitUntil } from '../../../shared/wait-until.ts';

/** Milliseconds between two looks at a page that is about to change. */
export const LOOK_AGAIN = 50;

export type Work = Pick<WorkContext, 'signal' | 'sleep' | 'now'>;

export const PASSWORD = 'input[type=password]:visible';

const USER_FIELDS = [
  'input[autocomplete~=username]:visible',
  'input[name=log]:visible',
  'input[name*=user i]:visible',
  'input[type=email]:visible',
  'input[type=text]:visible',
  'input:not([type]):visible',
];

const OTHER_FORMS = ['search', 'register', 'signup', 'lost', 'reset', 'subscribe', 'newsletter', 'comment']
  .flatMap((word) => ['id', 'name', 'action'].map((attribute) => `form[${attribute}*=${word} i] *`))
  .concat('[role=search] *')
  .join(', ');
const LOGIN_FORM = 'form:is([id*=login i], [name*=login i], [action*=login i])';
/** Without a password beside it, a field has to say that it is for a name: pages have search boxes and newsletters. */
const NAME_FIELDS = [
  'input[autocomplete~=username]',
  'input[name=log]',
  'input[name*=user i]',
  'input[name*=login i]',
  `${LOGIN_FORM} input:is([type=email], [type=text])`,
]
  .map(
    (field) => `${field}:not([type=hidden], [type=checkbox], [type=radio], [type=submit]):not(${OTHER_FORMS}):visible`,
  )
  .join(', ');

const SUBMIT = 'input[type=submit]:visible, button[type=submit]:visible, button:not([type]):visible';

export const SUBMIT_BUTTONS = [SUBMIT];
/** A first step is often a script's. Beside a password a plain button may show it instead. */
export const NEXT_BUTTONS = [SUBMIT, 'button:visible, input[type=button]:visible'];

/** Milliseconds for the scripts of a page to leave alone what is filled in. */
const FILL_TIMEOUT = 5000;

/** The form that holds what is visible of `inside`, or the whole page where there is no form. */
export async function formAround(tab: Tab, inside: string): Promise<Locator> {
  const form = tab.locator('form', { has: tab.locator(inside) }).first();
  return (await form.count()) > 0 ? form : tab.locator('body');
}

/** The field for a user name in a form that has a password. */
export const userField = (form: Locator): Promise<Locator | undefined> => firstOf(form, USER_FIELDS);

/** The field of a form that asks for the user name alone. */
export const nameField = (tab: Tab): Locator => tab.locator(NAME_FIELDS).first();

/** The form of `nameField`. */
export const nameForm = (tab: Tab): Promise<Locator> => formAround(tab, NAME_FIELDS);

/**
 * Fills until the fields hold their values. A browser types into what has the focus, and pages move it by themselves:
 * WordPress' own does 200 ms after it was opened, and a password then lands in the field for the name. A field that
 * writes what it is given in another way is left to the site to judge.
 */
export async function fillIn(
  fields: readonly { readonly field: Locator; readonly value: string }[],
  work: Work,
): Promise<void> {
  const holdTheirValues = async (): Promise<boolean> => {
    for (const { field, value } of fields) await field.fill(value);
    const held = await Promise.all(fields.map(async ({ field, value }) => (await field.inputValue()) === value));
    return held.every(Boolean);
  };
  await waitUntil(holdTheirValues, { every: LOOK_AGAIN, limit: FILL_TIMEOUT, signal: work.signal }, work);
}

/** Sends a form by the first of its buttons; by the Enter key where it has none. */
export async function send(form: Locator, buttons: readonly string[], field: Locator): Promise<void> {
  const button = await firstOf(form, buttons);
  await (button ? button.click({ noWaitAfter: true }) : field.press('Enter'));
}

async function firstOf(form: Locator, selectors: readonly string[]): Promise<Locator | undefined> {
  for (const selector of selectors) {
    const field = form.locator(selector).first();
    if ((await field.count()) > 0) return field;
  }
  return undefined;
}
