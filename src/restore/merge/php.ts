/**
 * Arrays in PHP's serialization format, taken apart into their entries without building anything: keys and values stay the
 * very bytes that they were, so that what is put together again holds nothing that was not there.
 */
export interface Entry {
  /** `i:0;` or `s:4:"name";`. */
  readonly key: string;
  /** A whole value with its end. */
  readonly value: string;
}

/** How deep arrays in arrays are read. */
export const MOST_DEPTH = 200;

/** The entries of a serialized array; undefined when the text is anything else, or broken. */
export function entriesOf(text: string): Entry[] | undefined {
  const head = /^a:(\d{1,9}):\{/.exec(text);
  if (head === null) return undefined;
  const entries: Entry[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left -= 1) {
    const key = scalarEnd(text, at);
    if (key === -1 || !/[is]/.test(text.charAt(at))) return undefined;
    const end = valueEnd(text, key, 1);
    if (end === -1) return undefined;
    entries.push({ key: text.slice(at, key), value: text.slice(key, end) });
    at = end;
  }
  return text.slice(at) === '}' ? entries : undefined;
}

/** The text of an array of these entries. */
export const arrayOf = (entries: readonly Entry[]): string =>
  `a:${entries.length}:{${entries.map(({ key, value }) => key + value).join('')}}`;

/** The same as a list: keys count from 0. */
export const listOf = (values: readonly string[]): string =>
  arrayOf(values.map((value, index) => ({ key: `i:${index};`, value })));

/** What a serialized string says; undefined for other values. */
export function stringIn(value: string): string | undefined {
  const head = /^s:\d{1,9}:"/.exec(value);
  return head === null ? undefined : value.slice(head[0].length, -2);
}

/** Where the value ends that begins at `at`, or -1. */
function valueEnd(text: string, at: number, depth: number): number {
  const type = text.charAt(at);
  if (type !== 'a' && type !== 'O') return scalarEnd(text, at);
  if (depth > MOST_DEPTH) return -1;
  const head = /(?:a|O:\d{1,4}:"[^"]{1,255}"):(\d{1,9}):\{/y;
  head.lastIndex = at;
  const found = head.exec(text);
  if (found === null) return -1;
  let end = at + found[0].length;
  for (let left = 2 * Number(found[1]); left > 0; left -= 1) {
    end = valueEnd(text, end, depth + 1);
    if (end === -1) return -1;
  }
  return text.charAt(end) === '}' ? end + 1 : -1;
}

/** Between type and end: `start` up to `end`. `after`: where the next value begins. */
export interface ReadScalar {
  readonly start: number;
  readonly end: number;
  readonly after: number;
}

const PLAIN = /(?:N|b:[01]|[iRr]:-?\d{1,20}|d:[-+.\dEINFA]{1,40});/y;
const STRING = /s:(\d{1,10}):"/y;

/** The number, string or the like that begins at `at`; undefined when there is none, or a broken one. */
export function readScalar(text: string, at: number): ReadScalar | undefined {
  STRING.lastIndex = at;
  const string = STRING.exec(text);
  if (string !== null) {
    const start = at + string[0].length;
    const end = start + Number(string[1]);
    return text.startsWith('";', end) ? { start, end, after: end + 2 } : undefined;
  }
  PLAIN.lastIndex = at;
  const plain = PLAIN.exec(text);
  const after = at + (plain?.[0].length ?? 0);
  return plain === null ? undefined : { start: Math.min(at + 2, after - 1), end: after - 1, after };
}

const scalarEnd = (text: string, at: number): number => readScalar(text, at)?.after ?? -1;
