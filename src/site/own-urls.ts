import { withoutWww } from '../shared/site-address.ts';

/** Whether both URLs belong to one site: the same host but for a leading `www.`, and the same port but for http to https. */
export function sameSite(one: URL, other: URL): boolean {
  return sameHost(one, other) && one.port === other.port;
}

/** Whether what belongs to the site at `home` may be sent to `url`: the same site, and never from https back to http. */
export const staysAtHome = (url: URL, home: URL): boolean =>
  sameSite(url, home) && (home.protocol !== 'https:' || url.protocol === 'https:');

/** The same host, which may have the parts of a site on several ports. */
export const sameHost = (one: URL, other: URL): boolean => bareHost(one) === bareHost(other);

const bareHost = (url: URL): string => withoutWww(url.hostname);

/** The http or https URL that a link in a page at `base` means, if it means one. */
export function resolveUrl(link: string | undefined, base: URL): URL | undefined {
  const url = link === undefined ? null : URL.parse(link, base.href);
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}

/**
 * As `resolveUrl`, but only when it leads to the same site. Never from https back to http: a site's settings may still say http
 * although it is served over https.
 */
export function ownUrl(link: string | undefined, base: URL): URL | undefined {
  const url = resolveUrl(link, base);
  if (!url || !sameSite(url, base)) return undefined;
  if (base.protocol === 'https:') url.protocol = 'https:';
  return url;
}
