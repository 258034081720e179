import { z } from 'zod';
import { resolveUrl, sameSite } from './own-urls.ts';
import { pageCacheOf } from './page-cache.ts';

/** One answer of a site to a visitor who is not logged in; redirects are not followed. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The page, or the beginning of it. */
  readonly body: string;
  /** It was longer than what is read of a page: nobody knows how it ends. */
  readonly partial?: boolean;
}

/** What a page does, in terms that are the same at a site and at its copy. */
export const lookSchema = z.object({
  /** Of the last answer: redirects within the site are followed. */
  status: z.number(),
  /** The path of the last answer without a slash at its end; the whole address when it leads away from the site. */
  place: z.string(),
  html: z.boolean(),
  empty: z.boolean(),
  /** It speaks of WordPress's own folders; not known of looks of older releases. */
  wordpress: z.boolean().optional(),
  /** There is a field for a password. */
  passwordField: z.boolean(),
  /** It may be the word of something in front of the site (firewall, web server, rate limit) that a copy does not have. */
  wall: z.boolean(),
  /** PHP or WordPress says in a page that it ended in the middle, whatever the status is; not known of looks of older releases. */
  fatal: z.boolean().optional(),
  /** The page comes to its end. */
  whole: z.boolean().optional(),
  /** What keeps the page for later visitors, as far as it says so. */
  cache: z.string().optional(),
});
export type Look = z.infer<typeof lookSchema>;

/** A page that could not be looked at says why. */
/** `slow`: it did not come to its end in the time that a look has. */
const sightSchema = z.union([lookSchema, z.object({ failed: z.string(), slow: z.literal(true).optional() })]);
export type Sight = z.infer<typeof sightSchema>;

/** What the source's own pages did while its content was copied. */
export const looksSchema = z.object({ front: sightSchema, login: sightSchema });
export type SourceLooks = z.infer<typeof looksSchema>;

/** A page where it led to. */
export interface Seen {
  readonly look: Look;
  readonly url: URL;
  readonly answer: Answer;
}

/** Pages that were looked at when nobody had logged in yet. */
export type SeenPages = ReadonlyMap<string, Look>;

/** Bytes of a page that are looked at: enough to tell what it is. */
export const PAGE_BYTES = 2 ** 20;

/** Of pages that were asked for anyway, those that need not be asked for once more to be looked at: whole ones of this very address. */
export function seenPages(
  pages: readonly {
    readonly url: URL;
    readonly status: number;
    readonly headers: Answer['headers'];
    readonly text: string;
  }[],
): SeenPages {
  const whole = pages.filter(({ status, text }) => status === 200 && Buffer.byteLength(text) < PAGE_BYTES);
  return new Map(
    whole.map(({ text: body, ...page }) => [page.url.href, describe({ ...page, body }, bare(page.url.pathname))]),
  );
}

/** How many redirects a page may take: to a language, to a log-in for members, back with a cookie. */
const HOPS = 8;

/** Looks at a page as a visitor does, following redirects as long as they stay on its site, of which parts may be at `others`. */
export async function lookAt(
  start: URL,
  ask: (url: URL) => Promise<Answer>,
  others: readonly URL[] = [],
): Promise<Seen> {
  const stays = (next: URL): boolean => [start, ...others].some((part) => sameSite(next, part));
  let url = start;
  for (let hop = 0; ; hop += 1) {
    const answer = await ask(url);
    const next = leadsTo(answer, url);
    if (next !== undefined && stays(next) && hop < HOPS) {
      url = next;
      continue;
    }
    const place = next !== undefined && !stays(next) ? bare(next.origin + next.pathname) : bare(url.pathname);
    return { url, answer, look: describe(answer, place) };
  }
}

function leadsTo({ status, headers }: Answer, url: URL): URL | undefined {
  const { location } = headers;
  return status >= 300 && status < 400 ? resolveUrl([location].flat()[0], url) : undefined;
}

const bare = (place: string): string => place.replace(/\/+$/, '');

/** As PHP shows it with and without HTML, where errors are shown. */
const FATAL = /(?:^|\n|<b>)(?:PHP )?(?:Fatal|Parse) error(?:<\/b>)?:\s/;

/** WordPress's own page of an error, which it also prints into one that has begun. */
const CRITICAL = /<body id=["']error-page["']|class=["']wp-die-message/;

const PASSWORD_FIELD = /<input\b[^>]*\b(?:type\s*=\s*["']?password\b|name\s*=\s*["']?pwd\b)/i;

function describe({ status, headers, body, partial }: Answer, place: string): Look {
  const type = String(headers['content-type'] ?? '');
  const wordpress = WORDPRESS.test(`${String(headers['link'] ?? '')}${body}`);
  return {
    status,
    place,
    html: type === '' || /html/i.test(type),
    empty: body.trim() === '',
    wordpress,
    passwordField: PASSWORD_FIELD.test(body),
    wall: isWall(status, headers, body, wordpress),
    fatal: FATAL.test(body) || (status < 400 && CRITICAL.test(body)),
    whole: partial === true ? undefined : /<\/html>/i.test(body),
    cache: pageCacheOf(headers, body),
  };
}

const WALL_STATUS: ReadonlySet<number> = new Set([401, 403, 406, 407, 429, 503]);
const CHALLENGE =
  /cf-chl|challenge-platform|<title>just a moment\.\.\.|sgcaptcha|_incapsula_resource|sucuri_cloudproxy|ddos-guard/i;
const WORDPRESS = /id="error-page"|wp-(?:content|includes|admin|json)\//;

function isWall(status: number, headers: Answer['headers'], body: string, wordpress: boolean): boolean {
  if (headers['cf-mitigated'] === 'challenge' || CHALLENGE.test(body)) return true;
  return WALL_STATUS.has(status) && !wordpress;
}
