import { endsSegment, startsPath } from './boundaries.ts';
import type { PathRule } from './compile.ts';
import { SLASH, backslashesAfter, backslashesBefore, signAfter, signBefore } from './forms.ts';
import type { Patch } from './patch.ts';
import { rarityOf } from './search.ts';

/** A path rule, found in a text by one of its segments. */
export interface PathNeedle {
  readonly segment: string;
  readonly candidates: readonly { readonly rule: PathRule; readonly index: number }[];
}

/**
 * Groups the rules by as few segments as possible, each the one of its rule that is found fastest. Folders of the clone are no reason to search;
 * they are told apart where a segment of the source is found in them.
 */
export function pathNeedles(rules: readonly PathRule[]): PathNeedle[] {
  const segments = new Set<string>();
  for (const rule of rules.filter(({ to }) => to !== undefined).sort((a, b) => a.segments.length - b.segments.length)) {
    const [rarest] = [...rule.segments].sort((a, b) => rarityOf(a) - rarityOf(b));
    if (rarest !== undefined && !rule.segments.some((known) => segments.has(known))) segments.add(rarest);
  }
  return [...segments].map((segment) => ({
    segment,
    candidates: rules.flatMap((rule) =>
      rule.segments.includes(segment) ? [{ rule, index: rule.segments.indexOf(segment) }] : [],
    ),
  }));
}

/**
 * The patch for the path whose segment `needle` stands at `at`; undefined when the path is not one of the source's or is the
 * clone's already. `matched` is told of either.
 */
export function matchPath(
  text: string,
  at: number,
  needle: PathNeedle,
  matched: () => void = () => undefined,
): Patch | undefined {
  for (const { rule, index } of needle.candidates) {
    const start = pathStart(text, at, rule, index);
    if (start === -1) continue;
    const end = pathEnd(text, at, rule, index);
    if (end === -1) continue;
    matched();
    if (rule.to === undefined) return undefined;
    const first = start + rule.root.length;
    const separator = signAfter(text, first, SLASH) === -1 ? '/' : text.slice(first, signAfter(text, first, SLASH));
    return { start, end, text: latin1(rule.to).replaceAll('/', () => separator) };
  }
  return undefined;
}

function pathStart(text: string, at: number, rule: PathRule, index: number): number {
  let start = at;
  for (let previous = index - 1; previous >= -1; previous--) {
    start = separatorBefore(text, start, rule.root);
    if (start === -1) return -1;
    const name = rule.segments[previous] ?? rule.root;
    if (!text.endsWith(name, start)) return -1;
    start -= name.length;
  }
  return startsPath(text, start) ? start : -1;
}

function pathEnd(text: string, at: number, rule: PathRule, index: number): number {
  let end = at + (rule.segments[index]?.length ?? 0);
  for (const name of rule.segments.slice(index + 1)) {
    end = separatorAfter(text, end, rule.root);
    if (end === -1 || !text.startsWith(name, end)) return -1;
    end += name.length;
  }
  return endsSegment(text, end) ? end : -1;
}

/** Windows paths (those with a drive) are also written with backslashes, as many as the escaping around them asks for. */
function separatorBefore(text: string, end: number, root: string): number {
  const slash = signBefore(text, end, SLASH);
  if (slash !== -1 || root === '') return slash;
  const run = backslashesBefore(text, end);
  return run < end ? run : -1;
}

function separatorAfter(text: string, start: number, root: string): number {
  const slash = signAfter(text, start, SLASH);
  if (slash !== -1 || root === '') return slash;
  const run = backslashesAfter(text, start);
  return run > start ? run : -1;
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
