import { ownUrl, resolveUrl } from '../../own-urls.ts';
import { type Page, parsePage } from './page.ts';

/** How to send a log-in: where to, and with which fields besides name and password. */
export interface LoginForm {
  readonly action: URL;
  /** Hidden fields and ticked defaults as they are in the page. */
  readonly fields: Readonly<Record<string, string>>;
}

const LOGIN_FORM = 'form:has(input[name=log]):has(input[name=pwd])';

/** WordPress's own log-in form in a page; undefined when the page has none, or one whose fields have other names. */
export function findLoginForm(page: Page): LoginForm | undefined {
  const form = parsePage(page)(LOGIN_FORM).first();
  if (form.length === 0) return undefined;
  const action = ownUrl(form.attr('action') ?? '', page.url);
  if (!action) return undefined;
  const fields: Record<string, string> = {};
  for (const input of form.find('input[name]').toArray()) {
    const { name = '', type = 'text', value = '' } = input.attribs;
    if (type !== 'checkbox' && type !== 'radio' && type !== 'button') fields[name] = value;
  }
  return { action, fields };
}

/** Where the log-in form in a page leads when that is another site. */
export function foreignLoginForm(page: Page): URL | undefined {
  const action = parsePage(page)(LOGIN_FORM).first().attr('action');
  const url = resolveUrl(action, page.url);
  return url && !ownUrl(action, page.url) ? url : undefined;
}
