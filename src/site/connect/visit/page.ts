import type { CheerioAPI } from 'cheerio/slim';
import { parseHtml } from '../../html.ts';

/** One answer of the site, redirects followed. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const parsePage = (page: Page): CheerioAPI => parseHtml(page.text);

/** Words from a page for a terminal: no markup, no control characters, at most 300 characters. */
export function plainWords(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ');
  const words = clean.replace(/\s+/g, ' ').trim();
  return words.length > 300 ? `${words.slice(0, 299)}…` : words;
}

/** What WordPress says when it refuses a request (wp_die), or undefined when the page is not such a refusal. */
export function refusal(page: Page): string | undefined {
  const $ = parsePage(page);
  if ($('body#error-page').length === 0) return undefined;
  return plainWords($('.wp-die-message').first().text() || $('body').text());
}
