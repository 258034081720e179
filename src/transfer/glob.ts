const SPECIAL = /[\\^$.|+(){}]/;

/**
 * A glob as a regular expression over the whole text: `*` and `?` stay within a path segment, `**` crosses segments,
 * `[abc]` is a set. A pattern that ends in `/` means the folder.
 */
export function globToRegExp(glob: string): RegExp {
  const pattern = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern.charAt(index);
    if (pattern.startsWith('**/', index)) {
      source += '(?:[^/]+/)*';
      index += 2;
    } else if (pattern.startsWith('**', index)) {
      source += '.*';
      index += 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[' && pattern.indexOf(']', index + 2) > 0) {
      const end = pattern.indexOf(']', index + 2);
      const set = pattern.slice(index + 1, end).replace(/[\\[\]]/g, '\\$&');
      source += set.startsWith('!') ? `[^/${set.slice(1)}]` : `[${set}]`;
      index = end;
    } else source += SPECIAL.test(char) || char === '[' || char === ']' ? `\\${char}` : char;
  }
  return new RegExp(`^${source}$`, 's');
}

/** Whether a path, or a folder above it, matches one of the globs. */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const patterns = globs.map((glob) => new RegExp(`${globToRegExp(glob).source.slice(0, -1)}(?:/|$)`, 's'));
  return (path) => patterns.some((pattern) => pattern.test(path));
}
