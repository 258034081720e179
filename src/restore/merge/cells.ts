import { arrayOf, entriesOf, listOf, type Entry } from './php.ts';
import type { Value } from './types.ts';

/** What two changes of one value come to: undefined when nobody can say, which makes it a conflict. */
export type MergeCell = (base: Value, live: Value, clone: Value) => Value | undefined;

/** Takes what both came to by adding and removing: for lists in which the order says nothing. */
export const mergeSet: MergeCell = (base, live, clone) => {
  const [before, theirs, ours] = [base, live, clone].map((value) => valuesOf(value));
  if (!before || !theirs || !ours) return undefined;
  const known = new Set(before);
  const added = ours.filter((value) => !known.has(value) && !theirs.includes(value));
  const kept = new Set(ours);
  return listOf([...theirs.filter((value) => kept.has(value) || !known.has(value)), ...added]);
};

/** Takes each entry of an array from the side that changed it, also in arrays in it; two changes of one entry are a conflict. */
export const mergeMap: MergeCell = (base, live, clone) => mergeEntries(base, live, clone, { depth: 1, lists: false });

/** The same for arrays of lists that both sides may add to. */
export const mergeMapOfSets: MergeCell = (base, live, clone) =>
  mergeEntries(base, live, clone, { depth: 1, lists: true });

/** How deep arrays in arrays are merged entry by entry. */
const DEPTH = 3;

interface Way {
  readonly depth: number;
  readonly lists: boolean;
}

function mergeEntries(base: Value, live: Value, clone: Value, way: Way): string | undefined {
  const [before, theirs, ours] = [base, live, clone].map((value) => entriesOf(value ?? ''));
  if (!before || !theirs || !ours) return undefined;
  if ([before, theirs, ours].some(isList))
    return way.lists && way.depth > 1 ? (mergeSet(base, live, clone) ?? undefined) : undefined;
  const [was, now] = [byKey(before), byKey(ours)];
  const merged: Entry[] = [];
  for (const { key, value } of theirs) {
    const choice = chooseEntry(was.get(key), value, now.get(key), way);
    if (choice === undefined) return undefined;
    if (choice !== null) merged.push({ key, value: choice });
  }
  const there = byKey(theirs);
  for (const { key, value } of ours) {
    if (there.has(key)) continue;
    if (!was.has(key)) merged.push({ key, value });
    // Live took out what the clone has changed since.
    else if (was.get(key) !== value) return undefined;
  }
  return arrayOf(merged);
}

/** Null: it goes. Undefined: nobody can say. */
function chooseEntry(
  base: string | undefined,
  live: string,
  clone: string | undefined,
  way: Way,
): string | null | undefined {
  if (clone === live || clone === base) return live;
  if (base === live) return clone ?? null;
  if (clone === undefined || base === undefined || way.depth === DEPTH) return undefined;
  return mergeEntries(base, live, clone, { ...way, depth: way.depth + 1 });
}

/** The later one of two times as MySQL writes them. */
export const mergeLatest: MergeCell = (_, live, clone) => ((live ?? '') > (clone ?? '') ? live : clone);

/** What is computed from other rows is the live site's own affair. */
export const keepLive: MergeCell = (_, live) => live;

/** What is told of a thing elsewhere goes with the thing: where both changed that, somebody has decided about it. */
export const takeClone: MergeCell = (_, __, clone) => clone;

const valuesOf = (value: Value): string[] | undefined => entriesOf(value ?? '')?.map((entry) => entry.value);

/** Numbers in a row are a list, whose places mean nothing by themselves. */
const isList = (entries: readonly Entry[]): boolean =>
  entries.length > 0 && entries.every(({ key }, index) => key === `i:${index};`);

const byKey = (entries: readonly Entry[]): Map<string, string> =>
  new Map(entries.map(({ key, value }) => [key, value]));
