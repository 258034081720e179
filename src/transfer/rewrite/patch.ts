/** Replaces the characters from `start` up to `end`. Lists of patches are in order and do not overlap. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all patches applied. */
export function applyPatches(source: string, patches: readonly Patch[]): string {
  let result = '';
  let read = 0;
  for (const { start, end, text } of patches) {
    result += source.slice(read, start);
    result += text;
    read = end;
  }
  return result + source.slice(read);
}

/** Two lists of patches that do not overlap, as one. */
export function* mergePatches(one: Iterable<Patch>, other: Iterable<Patch>): Generator<Patch> {
  const others = other[Symbol.iterator]();
  let next = others.next();
  for (const patch of one) {
    for (; !next.done && next.value.start < patch.start; next = others.next()) yield next.value;
    yield patch;
  }
  for (; !next.done; next = others.next()) yield next.value;
}
