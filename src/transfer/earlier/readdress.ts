import { isDeepStrictEqual } from 'node:util';
import { parseWay } from '../origin/back.ts';
import { COLON, SLASH, signAfter, signBefore } from '../rewrite/forms.ts';
import type { UrlMapping } from '../rewrite/types.ts';

/**
 * Gives rows the addresses of another clone, in their memory: what the rewriter of that one would have made of what the source sent. `way`: how
 * they come back to that, see `goBack`. False when that cannot be told; then the rows are of no use any more.
 */
export type Readdress = (rows: Buffer, way: string | undefined) => boolean;

/** Texts that are told apart without being looked at again: a site has a few forms of its addresses, and may have any number. */
const MOST_KNOWN = 1000;

/**
 * From the addresses `before` to those of the mapping, whose other rules made these rows. Undefined where they are the same, or differ in more than
 * the digits of a port, or in how many these are: then lengths differ too, and all has to be rewritten. Clones on one machine differ in nothing else.
 */
export function readdressing(before: readonly string[], { from, to }: UrlMapping): Readdress | undefined {
  const old = before.flatMap((url) => URL.parse(url) ?? []);
  const [one, other] = [old[0], URL.parse(to[0] ?? '')];
  if (!one || !other || one.port === other.port || one.port.length !== other.port.length) return undefined;
  const isMoved = isDeepStrictEqual(
    old.map((url) => atPort(url, other.port)),
    to.map((url) => new URL(url).href),
  );
  // Where the source has one of these ports an address of the clone may be taken for one of the source, or the other way round.
  const hosts = new Set([...before, ...to].map((url) => URL.parse(url)?.host));
  const isApart = from.every((url) => !hosts.has(new URL(url).host));
  if (old.length !== before.length || !isMoved || !isApart) return undefined;
  const digits = Buffer.from(other.port, 'latin1');
  /** By what stands in a place: where the port is in it, or nothing where there is none to be exchanged. */
  const known = new Map<string, number | undefined>();
  const portOf = (text: string): number | undefined => {
    if (known.has(text)) return known.get(text);
    if (known.size === MOST_KNOWN) known.clear();
    const port = old.map((url) => portIn(text, url)).find((at) => at !== undefined);
    known.set(text, port);
    return port;
  };
  return (rows, way) => way === undefined || exchange(rows, way, digits, portOf);
}

const atPort = (url: URL, port: string): string => {
  const moved = new URL(url);
  moved.port = port;
  return moved.href;
};

function exchange(rows: Buffer, way: string, digits: Buffer, portOf: (text: string) => number | undefined): boolean {
  const places = parseWay(way)?.[1];
  if (places === undefined) return false;
  let end = 0;
  for (let at = 0; at + 2 < places.length; at += 3) {
    const start = end + (places[at] ?? Number.NaN);
    end = start + (places[at + 1] ?? Number.NaN);
    if (!(end <= rows.length)) return false;
    const text = rows.toString('latin1', start, end);
    const port = portOf(text);
    if (port !== undefined) digits.copy(rows, start + port);
    // The length of a serialized text, which is the same.
    else if (!/^\d+$/.test(text)) return false;
  }
  return true;
}

/** Where the digits of the port are in an address as the rewriter writes it; undefined when the text is another, or more than that. */
function portIn(text: string, { protocol, hostname, port, pathname }: URL): number | undefined {
  const host = text.indexOf(hostname);
  if (host === -1 || !begins(text, host, protocol.slice(0, -1))) return undefined;
  const digits = signAfter(text, host + hostname.length, COLON);
  if (digits === -1 || !text.startsWith(port, digits)) return undefined;
  let end = digits + port.length;
  // A path that is the source's too stays as it is.
  if (end === text.length) return digits;
  for (const segment of pathname.split('/').filter((each) => each !== '')) {
    end = signAfter(text, end, SLASH);
    if (end === -1 || !text.startsWith(segment, end)) return undefined;
    end += segment.length;
  }
  return end === text.length ? digits : undefined;
}

/** Whether nothing stands before the host but the scheme and two slashes, in whatever form; or less. */
function begins(text: string, host: number, scheme: string): boolean {
  if (host === 0) return true;
  const second = signBefore(text, host, SLASH);
  const first = second === -1 ? -1 : signBefore(text, second, SLASH);
  if (first <= 0) return first === 0;
  return text.startsWith(scheme) && signBefore(text, first, COLON) === scheme.length;
}
