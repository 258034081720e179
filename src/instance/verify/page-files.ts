import { ownUrl } from '../../site/own-urls.ts';
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
}

/** Asks for the first styles and scripts of a page that are on its own site, but for those `below` a path that is fetched later. */
export async function lookAtFiles(
  page: Seen,
  ask: (url: URL) => Promise<{ readonly status: number }>,
  below: string | undefined,
): Promise<PageFiles> {
  const urls = filesOf(page).filter(({ pathname }) => below === undefined || !pathname.startsWith(below));
  const answers = await Promise.all(urls.map(async (url) => ({ url, status: (await ask(url)).status })));
  const missing = answers.filter(({ status }) => status === 404).map(({ url }) => url.pathname);
  return { asked: urls.length, missing };
}

function filesOf({ answer, url }: Seen): URL[] {
  const $ = parseHtml(answer.body);
  return Object.entries(LINKS).flatMap(([selector, attribute]) => {
    const own = $(selector)
      .toArray()
      .map((element) => ownUrl($(element).attr(attribute), url))
      .filter((file) => file !== undefined);
    return [...new Map(own.map((file) => [file.href, file])).values()].slice(0, ASKED);
  });
}
