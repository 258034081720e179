import { withoutWww } from '../../shared/site-address.ts';
import { parseHtml } from '../../site/html.ts';

const ATTRIBUTES = ['href', 'src', 'srcset', 'action', 'formaction', 'poster', 'data-src', 'data-srcset'] as const;
const ELEMENTS = ATTRIBUTES.map((attribute) => `[${attribute}]`).join(',');

/**
 * The links of a page that lead to the source. `sources` are the source's addresses: another site on the same host, outside
 * of their paths, is not the source. `page` is the page's own address.
 */
export function linksToSource(html: string, sources: readonly string[], page: string): readonly string[] {
  const origins = sources.map((source) => ({ host: bareHost(new URL(source)), path: new URL(source).pathname }));
  const leads = (link: string): boolean => {
    if (!URL.canParse(link, page)) return false;
    const url = new URL(link, page);
    return (
      /^https?:$/.test(url.protocol) &&
      origins.some(({ host, path }) => bareHost(url) === host && isBelow(url.pathname, path))
    );
  };
  const $ = parseHtml(html);
  const found = new Set<string>();
  $(ELEMENTS).each((_, element) => {
    for (const attribute of ATTRIBUTES) {
      const value = $(element).attr(attribute);
      if (value === undefined) continue;
      const links = attribute.endsWith('srcset')
        ? value.split(',').map((part) => part.trim().split(/\s+/)[0] ?? '')
        : [value];
      for (const link of links) if (leads(link.trim())) found.add(link.trim());
    }
  });
  return [...found];
}

const bareHost = (url: URL): string => withoutWww(url.host);

const isBelow = (path: string, folder: string): boolean =>
  `${path}/`.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
