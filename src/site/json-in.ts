import type { z } from 'zod';
import { parseJson } from '../shared/json.ts';

/** Values looked at, and characters read for each: a site decides what it sends, not how long we look through it. */
const MOST_STARTS = 100;
const LONGEST = 1 << 20;

/**
 * The first JSON object or list in a text that fits the schema; undefined when there is none. A host may put a byte order mark or
 * notices before it, also such as hold braces themselves, and more after it.
 */
export function jsonIn<T>(text: string, schema: z.ZodType<T>): T | undefined {
  let starts = 0;
  for (const { index } of text.matchAll(/[[{]/g)) {
    if ((starts += 1) > MOST_STARTS) return undefined;
    const end = endOf(text, index);
    const parsed = end === undefined ? undefined : schema.safeParse(parseJson(text.slice(index, end)));
    if (parsed?.success) return parsed.data;
  }
  return undefined;
}

/** Where the object or list that begins at `start` ends. */
function endOf(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length && at - start < LONGEST; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter === '\\') at += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '{' || letter === '[') depth += 1;
    else if ((letter === '}' || letter === ']') && (depth -= 1) === 0) return at + 1;
  }
  return undefined;
}
