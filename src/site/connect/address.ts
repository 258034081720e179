import { WpcloneError } from '../../shared/errors.ts';

/** What people copy from a browser's address bar beyond the site's own address. */
const TAIL = /\/(?:wp-admin(?:\/.*)?|wp-login\.php|index\.php)?$/i;

/**
 * The home URLs that an address as typed may mean, best first: without a scheme https comes before http.
 * No query, fragment or trailing slash. Throws BAD_URL.
 */
export function parseAddress(typed: string): readonly URL[] {
  const text = typed.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return [parse(`https://${text}`), parse(`http://${text}`)];
  }
  if (scheme !== 'http' && scheme !== 'https') throw bad('Only http and https addresses can be cloned.');
  return [parse(text)];
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (!url || url.hostname === '' || /\s/.test(text)) throw bad('That is not the address of a site.');
  if (url.username !== '' || url.password !== '')
    throw bad(
      'The address must not hold a user name or a password: name the web server’s user with --http-auth, the site’s with --username.',
    );
  url.search = '';
  url.hash = '';
  let path = url.pathname;
  while (TAIL.test(path)) path = path.replace(TAIL, '');
  url.pathname = path;
  return url;
}

const bad = (message: string): WpcloneError => new WpcloneError('BAD_URL', message);

/** A URL as text without a trailing slash. */
export const bareUrl = (url: URL): string => url.href.replace(/\/+$/, '');
