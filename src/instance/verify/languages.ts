import { resolveUrl, sameHost } from '../../site/own-urls.ts';
import { parseHtml } from '../../site/html.ts';
import type { Seen } from '../../site/looks.ts';

/** The languages of a page that are at hosts of their own, each with an address: those do not lead to its site. */
export function languagesElsewhere({ answer, url }: Seen): ReadonlyMap<string, string> {
  const links = parseHtml(answer.body)('link[rel~=alternate][hreflang][href]').toArray();
  const found = new Map<string, string>();
  for (const { attribs } of links) {
    const other = resolveUrl(attribs['href'], url);
    if (other && !sameHost(other, url)) found.set(attribs['hreflang'] ?? '', other.href);
  }
  return found;
}
