import { withoutWww } from '../../shared/site-address.ts';
import type { Finder } from './finder.ts';
import type { Patch } from './patch.ts';
import { fieldsOf, windows } from './rows.ts';

/** How much of a value is decoded around a place that looks like an address. */
const AROUND = 4096;
const BASE64 = /[A-Za-z0-9+/_-]/;

/** Tells of each place in a block where base64 holds an address. */
export type EncodedSearch = (block: Buffer, hit: (at: number) => void) => void;

/**
 * Finds base64 that holds an address. It is not rewritten: whoever wrote it may have signed it, or count on its length. Three
 * searches for each host at the speed of memory: its name looks different by where in a group of three bytes it begins.
 */
export function createEncodedSearch(hosts: Iterable<string>, find: Finder): EncodedSearch {
  const needles = [...new Set([...hosts].map(withoutWww))].flatMap(encodings);
  return (block, hit) => {
    for (const needle of needles) {
      for (let at = block.indexOf(needle, 0, 'latin1'); at !== -1; at = block.indexOf(needle, at + 1, 'latin1'))
        if (holdsAddress(block, at, at + needle.length, find)) hit(at);
    }
  };
}

/** The part of a name's base64 that does not depend on what stands before and after it. */
function encodings(name: string): string[] {
  const bytes = Buffer.from(name, 'utf8');
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    return whole.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
}

/** Whether what the run of base64 around a place decodes to holds an address of the source, and not only a name. */
function holdsAddress(block: Buffer, start: number, end: number, find: Finder): boolean {
  const text = block.toString('latin1', Math.max(0, start - AROUND), end + AROUND);
  const inside = start - Math.max(0, start - AROUND);
  let from = inside;
  let to = inside + (end - start);
  while (from > 0 && BASE64.test(text.charAt(from - 1))) from -= 1;
  while (to < text.length && BASE64.test(text.charAt(to))) to += 1;
  // The run may begin with signs that are no part of it.
  return [0, 1, 2, 3].some(
    (shift) => find(Buffer.from(text.slice(from + shift, to), 'base64').toString('latin1')).length > 0,
  );
}

/** Tells of the column of each value in which the search finds something, once for each value. */
export function tellColumns(
  block: Buffer,
  search: EncodedSearch,
  skip: ReadonlySet<number>,
  tell: (column: number) => void,
): void {
  const found: Patch[] = [];
  search(block, (at) => found.push({ start: at, end: at, text: '' }));
  if (found.length === 0) return;
  found.sort((a, b) => a.start - b.start);
  for (const { start, end } of windows(block)) {
    const here = found.filter((hit) => hit.start >= start && hit.start < end);
    const places = here.map((hit) => ({ start: hit.start - start, end: hit.start - start, text: '' }));
    for (const { column } of fieldsOf(block.toString('latin1', start, end), places, skip)) tell(column);
  }
}

/** The same for one value. */
export function tellOnce(value: Buffer, search: EncodedSearch, tell: () => void): void {
  let found = false;
  search(value, () => (found = true));
  if (found) tell();
}
