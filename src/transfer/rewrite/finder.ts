import { compileMapping } from './compile.ts';
import { matchPath, pathNeedles } from './path-match.ts';
import type { Patch } from './patch.ts';
import { searchHost, searchName, searchPattern } from './search.ts';
import type { Search } from './search.ts';
import type { UrlMapping } from './types.ts';
import { createUrlMatch } from './url-match.ts';

/** Finds the source's URLs and paths in latin1 text: one patch for each, from left to right, without overlaps. */
export type Finder = (text: string) => Patch[];

/**
 * `folder` is told of each folder that is found, also of one that is left as it is. Throws a TypeError when an address of the mapping is not an
 * absolute http(s) URL.
 */
export function createFinder(mapping: UrlMapping, folder?: () => void): Finder {
  const { hosts, paths } = compileMapping(mapping);
  const finders = [
    ...hosts.map((host) =>
      finderOf(host.name?.includes('.') ? searchHost(host.name) : searchPattern(host.pattern), createUrlMatch(host)),
    ),
    ...pathNeedles(paths).map((needle) =>
      finderOf(searchName(needle.segment), (text, start) => matchPath(text, start, needle, folder)),
    ),
  ];
  return (text) => {
    let found: Patch[] = [];
    for (const find of finders) {
      const more = find(text);
      if (found.length === 0) found = more;
      else if (more.length > 0) found = merge(found, more);
    }
    return found;
  };
}

function finderOf(search: Search, match: (text: string, start: number, end: number) => Patch | undefined): Finder {
  return (text) => {
    const found: Patch[] = [];
    search(text, (start, end) => {
      const patch = match(text, start, end);
      if (patch !== undefined) found.push(patch);
    });
    return found;
  };
}

function merge(one: readonly Patch[], other: readonly Patch[]): Patch[] {
  const merged: Patch[] = [];
  let end = 0;
  for (const patch of [...one, ...other].sort((a, b) => a.start - b.start)) {
    if (patch.start < end) continue;
    merged.push(patch);
    end = patch.end;
  }
  return merged;
}
