/**
 * Globs over whole texts: `*` and `?` stay within a path segment, `**` crosses segments, `[abc]` is a set. A pattern that ends in `/`
 * means the folder. They come from people and over the API: each is matched in time that grows with the pattern's length times the
 * text's, whatever it holds, which a regular expression does not promise.
 */

/** What one position of a pattern takes: one character, or any number (`star` within a segment, `all` across). */
type Part =
  | { readonly kind: 'one'; readonly takes: (char: string) => boolean; readonly literal?: string }
  | { readonly kind: 'star' | 'all' }
  /** `**` and a slash: any number of whole segments, the second of the two inside of one. */
  | { readonly kind: 'folders' | 'inFolder' };

/** Whether the whole text matches. */
export function globMatcher(glob: string): (text: string) => boolean {
  const pattern = compile(glob);
  return (text) => matches(pattern, text, false);
}

/** Whether a path, or a folder above it, matches one of the globs. */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(compile);
  return (path) => patterns.some((pattern) => matches(pattern, path, true));
}

interface Pattern {
  readonly parts: readonly Part[];
  /** Part of every text that matches: most texts are refused for want of it. */
  readonly needle: string;
}

function compile(glob: string): Pattern {
  const pattern = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  const parts: Part[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern.charAt(index);
    const end = char === '[' ? pattern.indexOf(']', index + 2) : -1;
    if (pattern.startsWith('**/', index)) {
      parts.push({ kind: 'folders' }, { kind: 'inFolder' });
      index += 2;
    } else if (pattern.startsWith('**', index)) {
      parts.push({ kind: 'all' });
      index += 1;
    } else if (char === '*') parts.push({ kind: 'star' });
    else if (char === '?') parts.push({ kind: 'one', takes: (each) => each !== '/' });
    else if (end > 0) {
      parts.push({ kind: 'one', takes: setOf(pattern.slice(index + 1, end)) });
      index = end;
    } else parts.push({ kind: 'one', takes: (each) => each === char, literal: char });
  }
  return { parts, needle: longestLiteral(parts) };
}

/** `abc`, `a-z`; with `!` before it all others but a slash. */
function setOf(text: string): (char: string) => boolean {
  const others = text.startsWith('!');
  const ranges = [...(others ? text.slice(1) : text).matchAll(/([^])-([^])|([^])/g)].map(
    ([, first, last, single = '']) => [first ?? single, last ?? single] as const,
  );
  const inSet = (char: string): boolean => ranges.some(([first, last]) => first <= char && char <= last);
  return (char) => (others ? char !== '/' && !inSet(char) : inSet(char));
}

function longestLiteral(parts: readonly Part[]): string {
  const runs = parts.map((part) => (part.kind === 'one' ? (part.literal ?? '\0') : '\0')).join('');
  return runs.split('\0').reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}

/** Goes through the text once with all positions of the pattern that it may be at. `above`: a folder above the text is enough. */
function matches({ parts, needle }: Pattern, text: string, above: boolean): boolean {
  if (!text.includes(needle)) return false;
  const seenAt = new Int32Array(parts.length + 1).fill(-1);
  let step = 0;
  let next: number[] = [];
  const add = (position: number): void => {
    if (seenAt[position] === step) return;
    seenAt[position] = step;
    next.push(position);
    const kind = parts[position]?.kind;
    if (kind === 'star' || kind === 'all') add(position + 1);
    else if (kind === 'folders') add(position + 2);
  };
  add(0);
  for (let index = 0; index < text.length && next.length > 0; index += 1) {
    const char = text.charAt(index);
    if (above && char === '/' && seenAt[parts.length] === step) return true;
    const present = next;
    next = [];
    step += 1;
    for (const position of present) goOn(parts[position], position, char, add);
  }
  return seenAt[parts.length] === step;
}

function goOn(part: Part | undefined, position: number, char: string, add: (position: number) => void): void {
  if (part?.kind === 'one') {
    if (part.takes(char)) add(position + 1);
  } else if (part?.kind === 'all' || (part?.kind === 'star' && char !== '/')) add(position);
  else if (part?.kind === 'folders' && char !== '/') add(position + 1);
  else if (part?.kind === 'inFolder') add(char === '/' ? position - 1 : position);
}
