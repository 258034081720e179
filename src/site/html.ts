import { load, type CheerioAPI } from 'cheerio/slim';

/** Far deeper than any page is (elements of drawings that end in themselves count as open), and still quick to search. */
const DEEPEST = 10_000;
/** Elements without an end, or with one that may be left out. */
const UNENDED =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|option|optgroup|tr|td|th|thead|tbody|tfoot|html|head|body)$/i;

/**
 * A page as a tree. One root for all of it: a search looks for every top-level element among all others. A page that is
 * nested without end is empty.
 */
export const parseHtml = (html: string): CheerioAPI => load(isBottomless(html) ? '' : `<x-page>${html}`);

function isBottomless(html: string): boolean {
  let depth = 0;
  for (const [tag, name = ''] of html.matchAll(/<\/?([a-z][^\s/>]*)/gi)) {
    if (UNENDED.test(name)) continue;
    depth = Math.max(0, depth + (tag.startsWith('</') ? -1 : 1));
    if (depth > DEEPEST) return true;
  }
  return false;
}
