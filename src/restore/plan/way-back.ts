import { isIP } from 'node:net';
import { createFinder } from '../../transfer/rewrite/finder.ts';
import { applyPatches, type Patch } from '../../transfer/rewrite/patch.ts';
import { createRewriter } from '../../transfer/rewrite/rewriter.ts';
import { createLengthFixer } from '../../transfer/rewrite/serialized.ts';
import type { UrlMapping } from '../../transfer/rewrite/types.ts';

/**
 * Brings a value of the clone back to the live site's spelling of addresses. `live` is what the live site has in its place: an address
 * that stands there too is written as it is there. Undefined when something of the clone would be left in it.
 */
export type WayBack = (value: string, live: string | null) => string | undefined;

/** `traces`: what must not be left of the clone, such as its folder. */
export function createWayBack(mapping: UrlMapping, traces: readonly string[]): WayBack {
  const toClone = createFinder(mapping);
  const back = inverse(mapping);
  const toLive = createFinder(back);
  const rewriter = createRewriter(mapping);
  const forward = (text: string): string => rewriter.value(Buffer.from(text, 'latin1')).toString('latin1');
  const fixLengths = createLengthFixer();
  const left = traceOf(mapping, traces);
  return (value, live) => {
    const found = toLive(value);
    if (found.length === 0) return left.test(value) ? undefined : value;
    const spelled = live === null ? () => undefined : spellings(live, toClone(live));
    const patches = found.map((patch) => ({ ...patch, text: spelled(addressAt(value, patch)) ?? patch.text }));
    const fixed = fixLengths(value, { start: 0, end: value.length, inRow: false }, patches);
    const result = applyPatches(value, fixed?.lengths.mergedWith(patches, value) ?? patches);
    return forward(result) === forward(value) && !left.test(result) ? result : undefined;
  };
}

/** Of several addresses that became one, the first is the site's own. */
function inverse({ from, to, paths }: UrlMapping): UrlMapping {
  const home = new Map<string, string>();
  for (const [index, address] of to.entries()) if (!home.has(address)) home.set(address, from[index] ?? '');
  const folder = new Map(paths.toReversed().map((path) => [path.to, path.from]));
  return {
    from: [...home.keys()],
    to: [...home.values()],
    paths: [...folder].map(([here, there]) => ({ from: here, to: there })),
  };
}

/**
 * Gives the live value's spelling of an address of the clone. One that stands there in several spellings gives them in their order, then
 * the last one.
 */
function spellings(live: string, found: readonly Patch[]): (address: string) => string | undefined {
  const known = new Map<string, string[]>();
  for (const { start, end, text } of found) {
    const address = text + live.slice(end, endOfAddress(live, end));
    known.set(address, [...(known.get(address) ?? []), live.slice(start, end)]);
  }
  return (address) => {
    const left = known.get(address);
    return left !== undefined && left.length > 1 ? left.shift() : left?.[0];
  };
}

const addressAt = (value: string, { start, end }: Patch): string => value.slice(start, endOfAddress(value, end));

function endOfAddress(text: string, from: number): number {
  const end = /[\s"'<>`|^{}()\x00-\x1f]/g; // oxlint-disable-line no-control-regex
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

/** The clone's host, however it is encoded, and its folders. A number or `localhost` means the clone only with its port. */
function traceOf({ to, paths }: UrlMapping, traces: readonly string[]): RegExp {
  const hosts = to.map((address) => {
    const { hostname, port } = new URL(address);
    const own = isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 && hostname !== 'localhost';
    return own || port === ''
      ? `${escaped(hostname)}(?![\\w-])`
      : `${escaped(hostname)}(?::|%(?:25)*3a|\\\\+u003a|&#x?0*(?:58|3a);)${port}(?!\\d)`;
  });
  const folders = [...paths.map((path) => path.to), ...traces].map((path) =>
    escaped(path).replaceAll('/', '(?:\\\\*/|%(?:25)*2f)'),
  );
  return new RegExp([...new Set([...hosts, ...folders])].join('|'), 'i');
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\-]/g, String.raw`\$&`);
