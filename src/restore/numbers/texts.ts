import type { Directory } from '../merge/directory.ts';
import { groupPlace, listPlaces, type NumberPlace } from './places.ts';

/** What is known while numbers are looked for: the clone's rows, and the hosts of its own addresses. */
export interface Reading {
  readonly directory: Directory;
  readonly hosts: readonly string[];
}

/**
 * What WordPress itself, and what is known everywhere, writes into text: classes of pictures, shortcodes, addresses, blocks. Each pattern
 * has the number, or a list of numbers, in its only group. Quotes may be escaped, as they are in JSON.
 */
const Q = String.raw`(?:\\*"|\\*'|\\*u0022|&quot;|&#0?39;)`;
/** Of a shortcode, up to one of its attributes. */
const UP_TO = String.raw`\b[^\][]{0,500}?\b`;
const POSTS: readonly RegExp[] = [
  /\b(?:wp-image-|wp-att-|(?:caption-)?attachment[-_])(\d+)(?![\w-])/dg,
  new RegExp(String.raw`\bdata-id=${Q}(\d+)${Q}`, 'dg'),
  new RegExp(String.raw`\[(?:gallery|playlist)${UP_TO}(?:ids|include)=${Q}?([\d, ]+)`, 'dg'),
  new RegExp(String.raw`\[(?:gallery|playlist)${UP_TO}exclude=${Q}?([\d, ]+)`, 'dg'),
  new RegExp(String.raw`\[(?:gallery|playlist|contact-form-7|wpforms|elementor-template|product_page)${UP_TO}id=${Q}?(\d+)(?!\w)`, 'dg'),
]; // prettier-ignore
const ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/[?&;](?:p|page_id|attachment_id|post)=(\d+)(?!\w)/dg, 'posts'],
  [/[?&;]cat=(\d+)(?!\w)/dg, 'terms'],
];
/** Before a query: characters that may belong to its address. */
const LOOK_BACK = 300;

/** Attributes by their name, whatever the block. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  mediaId: 'posts', mediaIds: 'posts', attachmentId: 'posts', ref: 'posts', postId: 'posts', postIds: 'posts', postIn: 'posts',
  productId: 'posts', productIds: 'posts', products: 'posts', imageId: 'posts', parents: 'posts',
  termId: 'terms', termIds: 'terms', categoryId: 'terms', categoryIds: 'terms', categories: 'terms', tags: 'terms',
  category: 'terms', post_tag: 'terms', authorIn: 'users', selectedAuthor: 'users',
}; // prettier-ignore

/** Attributes that hold sizes and the like. */
const NO_ROW = new Set(['width', 'height', 'level', 'dimRatio', 'columns', 'mediaWidth', 'perPage', 'queryId', 'offset', 'pages', 'postsToShow', 'excerptLength', 'minHeight', 'opacity']); // prettier-ignore

/** Blocks whose `id` (and `ids`) is a file's. */
const OF_FILES = new Set(['image', 'cover', 'file', 'audio', 'video', 'gallery', 'media-text', 'core/image']);

const ATTRIBUTE = /"(\w+)":(\d+|\[[\d,\s]*\])/dg;

/** Numbers in text whose meaning is known. */
export function textPlaces(text: string, hosts: readonly string[]): NumberPlace[] {
  if (!/\d/.test(text)) return [];
  const addresses = ADDRESSES.flatMap(([pattern, short]) =>
    matched(text, pattern, short).map((place) => (isElsewhere(text, place.start, hosts) ? { ...place, short: null } : place)),
  ); // prettier-ignore
  return [...POSTS.flatMap((pattern) => matched(text, pattern, 'posts')), ...addresses, ...blockPlaces(text)];
}

/** Whether the address that a query belongs to is another site's. */
function isElsewhere(text: string, at: number, hosts: readonly string[]): boolean {
  const before = text.slice(Math.max(0, at - LOOK_BACK), at);
  const address = before.split(/[\s"'<>()]/).at(-1) ?? '';
  const host = /(?:\/|\\\/){2}([^/?#\\]+)/.exec(address)?.[1];
  return host !== undefined && !hosts.includes(host);
}

const OPENING = '<!-- wp:';

/** Blocks from left to right: their attributes never hold the end of a comment. */
function blockPlaces(text: string): NumberPlace[] {
  const found: NumberPlace[] = [];
  for (let at = text.indexOf(OPENING); at !== -1; at = text.indexOf(OPENING, at)) {
    const end = text.indexOf('-->', at);
    if (end === -1) break;
    const from = text.indexOf('{', at);
    const name = /^[a-z][\w/-]{0,100}/.exec(text.slice(at + OPENING.length, end))?.[0] ?? '';
    if (from !== -1 && from < end) found.push(...inBlock(name, text.slice(from, end), from));
    at = end;
  }
  return found;
}

const matched = (text: string, pattern: RegExp, short: string): NumberPlace[] =>
  [...text.matchAll(pattern)].flatMap((match) =>
    groupPlace(match, 1, short).flatMap(({ start, end }) => listPlaces(text, start, end, short)),
  );

function inBlock(name: string, attributes: string, from: number): NumberPlace[] {
  return [...attributes.matchAll(ATTRIBUTE)].flatMap((attribute) => {
    const short = meantBy(name, attribute[1] ?? '', attributes);
    const [start, end] = attribute.indices?.[2] ?? [0, 0];
    return short === undefined ? [] : listPlaces(attributes, start, end, short).map(moved(from));
  });
}

const moved =
  (by: number) =>
  ({ start, end, short }: NumberPlace): NumberPlace => ({ start: start + by, end: end + by, short });

/** Undefined: not known. */
function meantBy(block: string, attribute: string, attributes: string): string | null | undefined {
  if (NO_ROW.has(attribute)) return null;
  if (attribute !== 'id' && attribute !== 'ids') return ATTRIBUTES[attribute];
  if (OF_FILES.has(block)) return 'posts';
  if (attribute === 'id' && /^navigation-(link|submenu)$/.test(block)) {
    if (attributes.includes('"kind":"post-type"')) return 'posts';
    return attributes.includes('"kind":"taxonomy"') ? 'terms' : undefined;
  }
  return undefined;
}

/** Elementor has a picture as its address and its number. */
const ELEMENTOR = [/"url":"[^"]*","id":(\d+)(?!\d)/dg, /"id":(\d+),"url":"/dg];
export const elementorPlaces = (text: string): NumberPlace[] =>
  ELEMENTOR.flatMap((pattern) => matched(text, pattern, 'posts'));
