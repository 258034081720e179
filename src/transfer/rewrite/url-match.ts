import { authorityAfterHost, endsSegment } from './boundaries.ts';
import type { HostRules, UrlRule, UrlTarget } from './compile.ts';
import type { Segment } from './spellings.ts';
import { COLON, SLASH, signAfter, signBefore } from './forms.ts';
import type { Patch } from './patch.ts';
import { createQuickMatch } from './quick-match.ts';

/**
 * The patch that rewrites the address whose host stands at `start`..`end`; undefined when that is no address of the source
 * (another host, port, path or scheme, an e-mail address) or is the clone's already.
 */
export type UrlMatch = (text: string, start: number, end: number) => Patch | undefined;

/** A matcher for one host, with and without www. */
export function createUrlMatch(host: HostRules): UrlMatch {
  const bare = matchRules(host.bare);
  const www = matchRules(host.www);
  return (text, start, end) =>
    text.charCodeAt(start - 1) === 46
      ? isWww(text, start)
        ? www(text, start - 4, end)
        : undefined
      : bare(text, start, end);
}

const isWww = (text: string, start: number): boolean => /^www\.$/i.test(text.slice(start - 4, start));

function matchRules(rules: readonly UrlRule[]): UrlMatch {
  const quick = createQuickMatch(rules);
  return (text, start, end) => quick(text, start, end) ?? fullMatch(text, start, end, rules);
}

interface Origin {
  /** Where the address starts: at the scheme or, without one, at the first slash. */
  readonly start: number;
  /** Lower case; undefined for a protocol-relative address. */
  readonly scheme: string | undefined;
  /** The colon and a slash as they are written in this address, and what stands between scheme and host, also who logs in there. */
  readonly colon: string;
  readonly slash: string;
  readonly signs: string;
}

const AT = 64;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

function fullMatch(text: string, start: number, end: number, rules: readonly UrlRule[]): Patch | undefined {
  const origin = originBefore(text, start);
  if (origin === undefined) return undefined;
  const authority = authorityAfterHost(text, end);
  if (authority === undefined) return undefined;
  const standard = origin.scheme === undefined ? '' : DEFAULT_PORTS[origin.scheme];
  const port = authority.port === standard ? '' : authority.port;
  for (const rule of rules) {
    if (rule.port !== port) continue;
    const pathEnd = pathAfter(text, authority.end, rule.segments);
    if (pathEnd === -1) continue;
    if (rule.to === undefined) return undefined;
    const address = written(rule.to, origin, rule.keepsPath);
    return { start: origin.start, end: rule.keepsPath ? authority.end : pathEnd, text: address };
  }
  return undefined;
}

function originBefore(text: string, host: number): Origin | undefined {
  const authority = userInfoBefore(text, host);
  const second = signBefore(text, authority, SLASH);
  if (second === -1) return undefined;
  const first = signBefore(text, second, SLASH);
  if (first === -1 || signBefore(text, first, SLASH) !== -1) return undefined;
  const slash = text.slice(second, authority);
  const at = signBefore(text, first, COLON);
  if (at === -1) {
    if (authority < host) return undefined;
    const percent = /%(?:25)*(?=2f$)/i.exec(slash)?.[0];
    const colon = percent === undefined ? ':' : `${percent}3A`;
    return { start: first, scheme: undefined, colon, slash, signs: text.slice(first, host) };
  }
  const scheme = /https?$/i.exec(text.slice(Math.max(0, at - 5), at))?.[0].toLowerCase();
  if (scheme === undefined) return undefined;
  return { start: at - scheme.length, scheme, colon: text.slice(at, first), slash, signs: text.slice(at, host) };
}

const LONGEST_USER_INFO = 256;
const USER_INFO = new Uint8Array(256);
for (let code = 33; code < 127; code++)
  USER_INFO[code] = Number(/[\w.~!$&'()*+,;=:%-]/.test(String.fromCharCode(code)));

/** Where the name and password before a host begin (RFC 3986, section 3.2.1), or the host where there are none. */
function userInfoBefore(text: string, host: number): number {
  if (text.charCodeAt(host - 1) !== AT) return host;
  let start = host - 1;
  while (host - start < LONGEST_USER_INFO && USER_INFO[text.charCodeAt(start - 1)] === 1) start--;
  return start;
}

/** Where the path ends that starts at `at` with exactly these segments; -1 when another stands there. */
function pathAfter(text: string, at: number, segments: readonly Segment[]): number {
  let end = at;
  for (const segment of segments) {
    end = signAfter(text, end, SLASH);
    if (end === -1) return -1;
    end = segment.after(text, end);
    if (end === -1) return -1;
  }
  return segments.length === 0 || endsSegment(text, end) ? end : -1;
}

function written(to: UrlTarget, origin: Origin, keepsPath: boolean): string {
  const scheme = origin.scheme === undefined ? '' : to.scheme;
  const port = to.port === '' ? '' : origin.colon + to.port;
  const path = keepsPath ? '' : to.segments.map((segment) => origin.slash + segment).join('');
  return scheme + origin.signs + to.host + port + path;
}
