/** What an answer shows of who made it: WordPress, a wall that wants a browser, a limit on requests. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, or its beginning. */
  readonly text: string;
}

/** `Expires` of every page that WordPress keeps out of caches (wp_get_nocache_headers). */
const WORDPRESS_EXPIRES = 'Wed, 11 Jan 1984 05:00:00 GMT';

/** Whether a cache says that it gave the answer from its memory (RFC 9111 section 5.1; the others are what caches made up before). */
export function isFromCache(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const said = (name: string): string => [headers[name] ?? []].flat().join(' ');
  const marks = [
    'x-cache',
    'x-cache-status',
    'cf-cache-status',
    'x-proxy-cache',
    'x-nginx-cache',
    'x-litespeed-cache',
    'cache-status',
  ];
  return Number(said('age')) > 0 || marks.some((name) => /(?:^|[\s;,:])hit(?:$|[\s;,:])/i.test(said(name)));
}

/** Whether WordPress, or something in it, made the answer: then nothing before it keeps us out. */
export function isFromWordPress({ headers, text }: Answered): boolean {
  return (
    /\bid=["']error-page["']|\bwp-(?:content|includes|admin)\/|\bname=["']wp-submit["']/.test(text) ||
    /api\.w\.org/.test(headerOf(headers, 'link')) ||
    headers['x-pingback'] !== undefined ||
    headers['x-redirect-by'] !== undefined ||
    headerOf(headers, 'expires') === WORDPRESS_EXPIRES
  );
}

const CHALLENGE_WORDS =
  /<title>\s*(?:just a moment|attention required|one moment, please|please wait|checking your browser|ddos-guard|client challenge)|cf-chl|cdn-cgi\/challenge-platform|challenge-form|sucuri_cloudproxy|_incapsula_resource|awswafcookiedomainlist|sgcaptcha|slowaes\.decrypt/i;
/** A page that does nothing but set a cookie and come again. */
const SETS_COOKIE = /document\.cookie\s*=/;
const COMES_AGAIN =
  /location(?:\.href)?\s*=|location\.(?:reload|replace|assign)\s*\(|http-equiv=["']?refresh|\.submit\(\)/i;
const SHORT_PAGE = 20_000;

/** Whether a wall wants to see a browser first: a script that sets a cookie, mostly. No waiting helps against one. */
export function isChallenge(answer: Answered): boolean {
  const { headers, text } = answer;
  if (headers['cf-mitigated'] === 'challenge' || headers['x-amzn-waf-action'] !== undefined) return true;
  if (text.length > SHORT_PAGE || isFromWordPress(answer)) return false;
  return CHALLENGE_WORDS.test(text) || (SETS_COOKIE.test(text) && COMES_AGAIN.test(text));
}

const RATE_WORDS = /too many requests|rate.?limit|slow down|limit exceeded|request limit/i;
/** What web servers say by themselves where a limit is reached: no more than the status. */
const BARE_PAGE = /^\s*$|<title>\s*503\b[^<]*<\/title>|^\W*(?:503\s+)?service (?:temporarily )?unavailable\W*$/i;

/** Whether an answer says that there were too many requests. A 503 that WordPress made, or that says nothing of the kind, does not. */
export function limitsRequests(answer: Answered): boolean {
  const { status, headers, text } = answer;
  if (status !== 429 && status !== 503) return false;
  if (isChallenge(answer)) return false;
  if (status === 429) return true;
  if (isFromWordPress(answer)) return false;
  return headers['retry-after'] !== undefined || RATE_WORDS.test(text) || BARE_PAGE.test(text);
}

/** Whether a web server wants a password of its own. It has to say which kind (RFC 9110 section 15.5.2); what closes a site in PHP does not. */
export const wantsPassword = ({ status, headers }: Answered): boolean =>
  status === 407 || (status === 401 && headers['www-authenticate'] !== undefined);

/** Whether WordPress cannot reach its database (dead_db). */
export const lostDatabase = ({ status, text }: Answered): boolean =>
  status >= 500 && /error establishing a database connection/i.test(text);

const headerOf = (headers: Answered['headers'], name: string): string => [headers[name] ?? ''].flat().join(', ');
