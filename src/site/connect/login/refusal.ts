import type { Page as Tab } from 'playwright-core';
import type { WpcloneError } from '../../../shared/errors.ts';
import { plainWords } from '../visit/page.ts';
import { CODE_SELECTOR, judgeAnswer, loginError } from './answer.ts';
import { PASSWORD } from './fields.ts';

/** Where log-in pages of all kinds write why they refused. */
const COMPLAINT = '#login_error:visible, [role=alert]:visible, .login-error:visible, .error:visible';

/** What the open page complains about; '' when it does not. */
export const complaintOn = async (tab: Tab): Promise<string> =>
  plainWords((await tab.locator(COMPLAINT).allTextContents()).join(' '));

/** The refusal that the open page shows. What it said `before` something was sent is no answer to that. */
export async function refusalOn(tab: Tab, before: string): Promise<WpcloneError | undefined> {
  // Half a page would be judged by its first half: the complaint stands above the form that tells what it means.
  if ((await tab.evaluate('document.readyState')) === 'loading') return undefined;
  const onlyCode =
    (await tab.locator(PASSWORD).count()) === 0 &&
    (await tab.locator(CODE_SELECTOR).locator('visible=true').count()) > 0;
  if (onlyCode) return loginError('second-factor', '');
  const words = await complaintOn(tab);
  if (words === '' || words === before) return undefined;
  const { answer } = await judge(tab);
  return loginError(answer, words);
}

/** What the open page, which is not the administration, means. */
export async function judge(tab: Tab) {
  return judgeAnswer({ url: new URL(tab.url()), status: 200, headers: {}, text: await tab.content() });
}
