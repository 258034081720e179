/** Headers by which caches in front of a site say that a page went through them; a page that they pass on unkept says so too. */
const HEADERS: Readonly<Record<string, string>> = {
  'x-litespeed-cache': 'LiteSpeed',
  'cf-cache-status': 'Cloudflare',
  'x-varnish': 'Varnish',
  'x-kinsta-cache': 'Kinsta',
  'x-wpe-cached': 'WP Engine',
  'x-sg-cache': 'SiteGround',
  'x-fastcgi-cache': 'nginx',
  'x-proxy-cache': 'a proxy',
  'x-cache-status': 'a proxy',
  'x-cache': 'a proxy',
};
const UNKEPT = /^(?:bypass|dynamic|none|no-cache|disabled|pass)\b/i;

/** Comments that plugins leave in the pages that they keep. */
const COMMENT =
  /<!--[^>]{0,200}?(WP[ -]Super[ -]Cache|W3 Total Cache|WP Rocket|LiteSpeed Cache|WP Fastest Cache|Cache Enabler|WP-Optimize|Hummingbird|Comet Cache|Breeze)/i;

/** What keeps pages of a site for later visitors, by its name; undefined when nothing says so. */
export function pageCacheOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): string | undefined {
  const comment = COMMENT.exec(body)?.[1];
  if (comment !== undefined) return comment;
  const found = Object.entries(HEADERS).find(([name]) => {
    const value = [headers[name]].flat()[0];
    return value !== undefined && !UNKEPT.test(value);
  });
  return found?.[1];
}
