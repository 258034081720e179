import type { FileRoot, SiteInfo } from '../../site/info.ts';
import { WpcloneError } from '../../shared/errors.ts';

/** Whether every segment names something below, on any kind of system: no empty one, no `.` or `..`, no NUL, no backslash. */
export function isSafePath(path: string): boolean {
  return isFilePath(path) && !path.includes('\\');
}

/** The same for the path of a file, in whose name a backslash is a letter like others. */
export function isFilePath(path: string): boolean {
  return path.split('/').every((segment) => !/^\.{0,2}$|\0/.test(segment));
}

/** Bytes of a place, and folders one in another: far more than any site has, and far from where a path cannot be removed again. */
const LONGEST_PLACE = 1024;
const DEEPEST_PLACE = 100;

/** Whether a file can be at a place: the clone's folder comes before it, and is renamed when it goes. */
export const isReachable = (place: string): boolean =>
  Buffer.byteLength(place) <= LONGEST_PLACE && place.split('/').length <= DEEPEST_PLACE;

/** Places joined with slashes; '' is the document root. */
export const joinPlaces = (...places: readonly string[]): string => places.filter((place) => place !== '').join('/');

/** The place of a root under the document root. Throws SOURCE_FAILED when it would lead out of it. */
export function rootPlace(root: FileRoot): string {
  if (root.place !== '' && !isSafePath(root.place))
    throw new WpcloneError(
      'SOURCE_FAILED',
      `The site gave a path that leads out of it: ${JSON.stringify(root.place)}.`,
    );
  return root.place;
}

/** The place in the clone of an absolute path at the source; undefined when no root holds it. */
export function placeOf(info: SiteInfo, path: string): string | undefined {
  const [root] = info.roots
    .filter((candidate) => path === candidate.path || path.startsWith(`${candidate.path.replace(/\/$/, '')}/`))
    .toSorted((a, b) => b.path.length - a.path.length);
  if (!root) return undefined;
  const rest = path.slice(root.path.length).replace(/^\/+|\/+$/g, '');
  return rest === '' || isSafePath(rest) ? joinPlaces(rootPlace(root), rest) : undefined;
}

/** Whether `place` is `folder` or lies below it; the document root ('') holds everything. */
export const isWithin = (place: string, folder: string): boolean =>
  folder === '' || place === folder || place.startsWith(`${folder}/`);

/**
 * The target to write for a symbolic link at `place` (both paths under the document root) so that it stays within `root`;
 * undefined when it does not. The target is written anew with all `..` in front: those start at a real folder, so that no other
 * link in the middle can lead them elsewhere.
 */
export function linkTarget(place: string, target: string, root: string): string | undefined {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return undefined;
  const resolved = place.split('/').slice(0, -1);
  const floor = root === '' ? 0 : root.split('/').length;
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') resolved.push(segment);
    else if (resolved.length > floor) resolved.pop();
    else return undefined;
  }
  const from = place.split('/').slice(0, -1);
  let common = 0;
  while (common < from.length && common < resolved.length && from[common] === resolved[common]) common += 1;
  return [...from.slice(common).map(() => '..'), ...resolved.slice(common)].join('/') || '.';
}
