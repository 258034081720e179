import { load, type CheerioAPI } from 'cheerio/slim';

/** One answer of the site, redirects followed. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Far deeper than any page is (elements of drawings that end in themselves count as open), and still quick to search. */
const DEEPEST = 10_000;
/** Elements without an end, or with one that may be left out. */
const UNENDED =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|option|optgroup|tr|td|th|thead|tbody|tfoot|html|head|body)$/i;

/**
 * A page as a tree. One root for all of it: a search looks for every top-level element among all others. A page that is
 * nested without end is empty.
 */
export const parsePage = (page: Page): CheerioAPI => load(isBottomless(page.text) ? '' : `<x-page>${page.text}`);

function isBottomless(html: string): boolean {
  let depth = 0;
  for (const [tag, name = ''] of html.matchAll(/<\/?([a-z][^\s/>]*)/gi)) {
    if (UNENDED.test(name)) continue;
    depth = Math.max(0, depth + (tag.startsWith('</') ? -1 : 1));
    if (depth > DEEPEST) return true;
  }
  return false;
}

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
