import { MOST_DEPTH, readScalar } from '../merge/php.ts';

/** A number or string in a serialized value, with the keys that lead to it. */
export interface Scalar {
  readonly path: readonly string[];
  /** Of its digits or text, without type, length and quotes. */
  readonly start: number;
  readonly end: number;
  /** It is a key itself, and not one that only counts. */
  readonly isKey: boolean;
}

/** The keys, numbers and strings of a serialized array; undefined when the text is anything else, or broken. */
export function scalarsOf(text: string): Scalar[] | undefined {
  if (!text.startsWith('a:')) return undefined;
  const found: Scalar[] = [];
  return readValue(text, 0, [], found) === text.length ? found : undefined;
}

const COMPOUND = /(?:a|O:\d{1,4}:"[^"]{1,255}"):(\d{1,9}):\{/y;

/** Where the value ends that begins at `at`, or -1. */
function readValue(text: string, at: number, path: readonly string[], found: Scalar[]): number {
  COMPOUND.lastIndex = at;
  const head = COMPOUND.exec(text);
  if (head === null) {
    const scalar = readScalar(text, at);
    if (scalar === undefined) return -1;
    if (/[is]/.test(text.charAt(at))) found.push({ path, start: scalar.start, end: scalar.end, isKey: false });
    return scalar.after;
  }
  if (path.length > MOST_DEPTH) return -1;
  let end = at + head[0].length;
  for (let place = 0; place < Number(head[1]) && end !== -1; place += 1) {
    const key = readScalar(text, end);
    if (key === undefined) return -1;
    const name = text.slice(key.start, key.end);
    if (name !== String(place)) found.push({ path, start: key.start, end: key.end, isKey: true });
    end = readValue(text, key.after, [...path, name], found);
  }
  return end !== -1 && text.charAt(end) === '}' ? end + 1 : -1;
}
