import type { CheerioAPI } from 'cheerio/slim';
import { WpcloneError } from '../../../shared/errors.ts';
import { parseHtml } from '../../html.ts';
import { type Page, parsePage, plainWords } from '../visit/page.ts';

const ONE_TIME_CODE = [
  '[autocomplete=one-time-code]',
  '[name=authcode]',
  '[name^="two-factor"]',
  '[name="two_factor_code"]',
  '[name="wfls-token"]',
  '[name="googleotp"]',
  '[name="mfa_code"]',
  '[name="itsec_two_factor"]',
  '[name="duo_passcode"]',
  '[name*="totp"]',
  '[name*="otp"]',
  '[id*="two-factor"]',
  '[id*="2fa"]',
].map((selector) => `input${selector}`);

/** What shops and forms of all kinds ask for, and what pictures do. */
const OTHER_CODES = ['post', 'zip', 'coupon', 'promo', 'voucher', 'gift', 'discount', 'quantity', 'qty', 'country', 'captcha', 'phone']; // prettier-ignore
const NAMES = ['name', 'id', 'class', 'placeholder'];
const isOther = NAMES.flatMap((attribute) => OTHER_CODES.map((word) => `[${attribute}*="${word}" i]`)).join(', ');

/** Where a form has no password: whatever is called a code, in plugins that nobody here has seen. */
const ANY_CODE = [
  'input[inputmode=numeric]',
  ...['name', 'id', 'autocomplete', 'placeholder'].map(
    (attribute) => `input:is(:not([type]), [type=text], [type=tel], [type=number])[${attribute}*="code" i]`,
  ),
]
  .map((selector) => `form:not([method=get i]) ${selector}:not(${isOther})`)
  .join(', ');

const CAPTCHA =
  '.g-recaptcha, .h-captcha, .cf-turnstile, [name="g-recaptcha-response"], [name*="captcha"], img[src*="captcha"]';

const asksForCode = ($: CheerioAPI): boolean =>
  $(ONE_TIME_CODE.join(', ')).length > 0 || ($('input[type=password]').length === 0 && $(ANY_CODE).length > 0);
const hasCaptcha = ($: CheerioAPI): boolean => $(CAPTCHA).length > 0;
/** For the browser: the fields of a page without a password as a selector. */
export const CODE_SELECTOR = [...ONE_TIME_CODE, ANY_CODE].join(', ');

/**
 * Whether the page wants something more, now that a name and a password were sent to its address: a code mostly, under whatever name. To send
 * them once more would have another code sent, and may lock somebody out.
 */
export function wantsMore(page: Page): boolean {
  const $ = parsePage(page);
  if (asksForCode($)) return true;
  const typed = 'input:is([type=text], [type=tel], [type=number], :not([type]))';
  return $('input[type=password]').length === 0 && $(`form[method=post i] ${typed}`).length > 0;
}

/** WordPress's words for a log-in whose cookies cannot be set, in whatever language, link to its page about cookies. */
const NO_COOKIES = '#login_error a[href*="cookies" i]';

export type LoginAnswer = 'wrong-password' | 'no-cookies' | 'second-factor' | 'captcha' | 'unclear';

/** What a page that came back instead of a session means. */
export function judgeAnswer(page: Page): { answer: LoginAnswer; words: string } {
  const $ = parsePage(page);
  const words = plainWords($('#login_error').first().text());
  // wp-login.php shakes its form for wrong names and passwords only (wp_shake_js), in every language.
  const shakes = /shake/.test($('script:not([src])').text());
  if (words !== '' && shakes) return { answer: 'wrong-password', words };
  if ($(NO_COOKIES).length > 0) {
    // What PHP printed too early, such as a notice, names the file to be mended.
    const early = plainWords(parseHtml(/^[^]*?(?=<!doctype)/i.exec(page.text)?.[0] ?? '').text());
    return { answer: 'no-cookies', words: early === '' ? words : `${words} Printed before the page: ${early}` };
  }
  if (asksForCode($)) return { answer: 'second-factor', words };
  if (hasCaptcha($)) return { answer: 'captcha', words };
  return { answer: 'unclear', words };
}

/** The refusal of a log-in as an error, in WordPress's own words. `wanting`: what the form wants besides a name and a password. */
export function loginError(answer: LoginAnswer, words: string, wanting = ''): WpcloneError {
  const asked = wanting === '' ? '' : ` The form also asks for: ${wanting}`;
  const said = words === '' ? asked : ` The site says: ${words}`;
  if (answer === 'second-factor') return new WpcloneError('SECOND_FACTOR', `The log-in needs a second factor.${said}`);
  if (answer === 'captcha') return new WpcloneError('CAPTCHA', `The log-in page has a captcha.${said}`);
  if (answer === 'no-cookies')
    return new WpcloneError('COOKIES_BLOCKED', `The site cannot set the cookies of a log-in.${said}`);
  return new WpcloneError('LOGIN_FAILED', `The site refused the log-in.${said}`);
}
