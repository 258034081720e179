import { resolveUrl, sameHost, sameSite } from '../../site/own-urls.ts';
import { parseHtml } from '../../site/html.ts';
import type { Seen } from '../../site/looks.ts';

/** Of each kind, so many are asked for: rules that give addresses other names do so for all. */
const ASKED = 3;
const LINKS = { 'link[rel~=stylesheet][href]': 'href', 'script[src]': 'src' } as const;

/** What a page looks and works by. */
export interface PageFiles {
  readonly asked: number;
  /** Paths of those that are not there. */
  readonly missing: readonly string[];
  /** Hosts that have copies of the site's plugins and themes, as a CDN does. */
  readonly copies: readonly string[];
}

/** A file of a plugin or theme of some WordPress. */
const OF_WORDPRESS = /\/wp-content\/(?:plugins|themes)\//;

/** Asks for the first styles and scripts of a page that are on its own site, but for those `below` a path that is fetched later. */
export async function lookAtFiles(
  page: Seen,
  ask: (url: URL) => Promise<{ readonly status: number }>,
  below: string | undefined,
): Promise<PageFiles> {
  const { own, copies } = filesOf(page);
  const urls = own.filter(({ pathname }) => below === undefined || !pathname.startsWith(below));
  const answers = await Promise.all(urls.map(async (url) => ({ url, status: (await ask(url)).status })));
  const missing = answers.filter(({ status }) => status === 404).map(({ url }) => url.pathname);
  return { asked: urls.length, missing, copies };
}

function filesOf({ answer, url }: Seen): { readonly own: readonly URL[]; readonly copies: readonly string[] } {
  const $ = parseHtml(answer.body);
  const kinds = Object.entries(LINKS).map(([selector, attribute]) =>
    $(selector)
      .toArray()
      .map((element) => resolveUrl($(element).attr(attribute), url))
      .filter((file) => file !== undefined),
  );
  const firstOwn = (files: readonly URL[]): URL[] => {
    const own = files.filter((file) => sameSite(file, url));
    return [...new Map(own.map((file) => [file.href, file])).values()].slice(0, ASKED);
  };
  const copies = kinds.flat().filter((file) => !sameHost(file, url) && OF_WORDPRESS.test(file.pathname));
  return { own: kinds.flatMap(firstOwn), copies: [...new Set(copies.map(({ host }) => host))] };
}
