import type { UrlRule } from './compile.ts';
import type { Patch } from './patch.ts';

const SLASH = 47;
const BACKSLASH = 92;
const COLON = 58;

/** JSON escapes each slash, and rows escape that. */
const JSON_IN_ROW = String.raw`\\/\\/`;

/** Characters that end a host for sure, without a look at what follows them. */
const ENDS = new Uint8Array(256);
for (const character of '\t\n\r !"#$\'()*+,/;<=>?[]^`{|}') ENDS[character.charCodeAt(0)] = 1;

/**
 * The same answer as the full match for addresses in the common spellings (`https://host/`, `//host"`, `https:\/\/host\/`), five times as fast;
 * undefined for all others, which proves nothing about them.
 */
export function createQuickMatch(
  rules: readonly UrlRule[],
): (text: string, start: number, end: number) => Patch | undefined {
  const rule = rules.find(({ to, segments }) => to !== undefined && segments.length === 0);
  const { to, port } = rule ?? { to: undefined, port: '' };
  if (to === undefined || to.segments.length > 0 || rules.filter((other) => other.port === port).length !== 1) {
    return () => undefined;
  }
  const tail = port === '' ? '' : `:${port}`;
  const host = to.host + (to.port === '' ? '' : `:${to.port}`);
  const withSlashes = (slashes: string): string => `${to.scheme}:${slashes}${host}`;
  // Nearly all are spelled so: there are hundreds of thousands, which need no strings of their own.
  const [plain, inJson] = [withSlashes('//'), withSlashes(JSON_IN_ROW)];
  const written = (text: string, first: number, start: number): string => {
    if (start - first === 2) return plain;
    if (start - first === JSON_IN_ROW.length && text.startsWith(JSON_IN_ROW, first)) return inJson;
    return withSlashes(text.slice(first, start));
  };
  return (text, start, end) => {
    const first = doubleSlashBefore(text, start);
    if (first === -1 || !endsHost(text, end + tail.length) || !text.startsWith(tail, end)) return undefined;
    const before = text.charCodeAt(first - 1);
    if (before === COLON) {
      const scheme = schemeBefore(text, first - 1);
      if (scheme === -1) return undefined;
      return { start: scheme, end: end + tail.length, text: written(text, first, start) };
    }
    return isPlain(before) ? { start, end: end + tail.length, text: host } : undefined;
  };
}

/** Where two plain or two escaped slashes start that end before `host`, or -1. */
function doubleSlashBefore(text: string, host: number): number {
  if (text.charCodeAt(host - 1) !== SLASH) return -1;
  if (text.charCodeAt(host - 2) === SLASH) return host - 2;
  let at = host - 2;
  while (text.charCodeAt(at) === BACKSLASH) at--;
  if (text.charCodeAt(at) !== SLASH) return -1;
  at--;
  while (text.charCodeAt(at) === BACKSLASH) at--;
  return at + 1;
}

function endsHost(text: string, at: number): boolean {
  let next = at;
  while (text.charCodeAt(next) === BACKSLASH) next++;
  const code = text.charCodeAt(next);
  return next === at ? Number.isNaN(code) || ENDS[code] === 1 : code === SLASH || code === 34;
}

/** Where http or https starts that ends before `at`, or -1. */
function schemeBefore(text: string, at: number): number {
  if (text.startsWith('https', at - 5) && at >= 5) return at - 5;
  return text.startsWith('http', at - 4) && at >= 4 ? at - 4 : -1;
}

/** A character before `//` that is no part of another slash or colon: a quote, a bracket, white space, =. */
const isPlain = (code: number): boolean => code === 34 || code === 39 || code === 40 || code === 32 || code === 61;
