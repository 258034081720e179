import { withoutWww } from '../../shared/site-address.ts';
import { isIP } from 'node:net';
import type { SiteInfo } from '../../site/info.ts';
import type { UrlMapping } from './types.ts';

/**
 * What to rewrite for a clone at `cloneUrl`, whose document root is the absolute folder `docrootOnClone`. The clone keeps the paths of the source's
 * addresses, so only the origin of `cloneUrl` counts. Addresses of the content on hosts of their own (a CDN) go on pointing there.
 * Throws a TypeError when one of the URLs is none.
 */
export function planMapping(info: SiteInfo, cloneUrl: string, docrootOnClone: string): UrlMapping {
  const { origin } = new URL(cloneUrl);
  const urls = siteUrls(info).sort((a, b) => depth(b) - depth(a));
  return {
    from: urls.flatMap(withTwin),
    to: urls.flatMap((url) => withTwin(url).map(() => origin + pathOf(url))),
    paths: folders(info, docrootOnClone),
  };
}

function siteUrls(info: SiteInfo): string[] {
  const own = [info.home, info.siteurl];
  const hosts = new Set(own.map(bareHost));
  const content = [info.urls.content, info.urls.plugins, info.urls.uploads].filter((url) => hosts.has(bareHost(url)));
  return [...new Set([...own, ...content].map((url) => new URL(url).origin + pathOf(url)))].filter(
    (url, index, all) => !all.some((other, place) => place !== index && isBelow(url, other)),
  );
}

/** Whether a rule for `other` rewrites `url` to the same result. */
const isBelow = (url: string, other: string): boolean =>
  bareHost(url) === bareHost(other) &&
  `${pathOf(url)}/`.startsWith(`${pathOf(other)}/`) &&
  pathOf(url) !== pathOf(other);

const pathOf = (url: string): string => new URL(url).pathname.replace(/\/+$/, '');
const depth = (url: string): number => pathOf(url).split('/').length;
const bareHost = (url: string): string => withoutWww(new URL(url).host);

/** Nearly every site answers with and without www, and old content links to either. */
function withTwin(url: string): string[] {
  const parsed = new URL(url);
  const { hostname } = parsed;
  if (!hostname.includes('.') || isIP(hostname) !== 0 || hostname.startsWith('[')) return [url];
  parsed.hostname = hostname.startsWith('www.') ? withoutWww(hostname) : `www.${hostname}`;
  return [url, parsed.origin + pathOf(url)];
}

interface Folder {
  readonly from: string;
  /** Under the document root, without slashes at the ends. */
  readonly place: string;
}

function folders(info: SiteInfo, docroot: string): UrlMapping['paths'] {
  const { paths, urls } = info;
  const known: Folder[] = info.roots.map((root) => ({ from: trimmed(root.path), place: root.place }));
  const add = (path: string, url: string | undefined): void => {
    const from = trimmed(path);
    const root = known.find((folder) => from === folder.from || from.startsWith(`${folder.from}/`));
    if (root === undefined && url !== undefined) known.push({ from, place: pathOf(url).slice(1) });
  };
  known.sort((a, b) => b.from.length - a.from.length);
  add(paths.abspath, info.siteurl);
  add(paths.content, urls.content);
  add(paths.plugins, urls.plugins);
  add(paths.uploads, urls.uploads);
  add(paths.muPlugins, undefined);
  const served = new Set(known.map(({ place }) => `/${place}`));
  return known
    .filter(({ from }) => isDistinct(from) && !served.has(from))
    .sort((a, b) => b.from.length - a.from.length)
    .map(({ from, place }) => ({ from, to: place === '' ? docroot : `${docroot}/${place}` }));
}

const trimmed = (path: string): string => path.replace(/(?<=.)[/\\]+$/, '');

/** A folder right under the root, such as /app, is written like an address on the site, and is not told apart from it. */
const isDistinct = (path: string): boolean => path.split(/[/\\]+/).length > 2;
