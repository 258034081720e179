import type { Finder } from './finder.ts';
import { createOutput } from './output.ts';
import type { Patch } from './patch.ts';
import type { Text } from './text.ts';

/** A part of a text, and the patches that lie in it. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  readonly patches: readonly Patch[];
}

/** How large the parts are, and how much around each of them is looked at. */
export interface SliceSize {
  readonly bytes: number;
  /** More than the longest address with what stands around it; only endless runs of backslashes or percent signs are longer. */
  readonly around: number;
}

/** Parts so small that all that is made of one, also of one full of addresses, is freed with the young heap. */
export const SLICES: SliceSize = { bytes: 16 * 1024, around: 4 * 1024 };

/** Finds the patches that begin between `start` and `end`. A part ends later than asked for where a patch reaches into the next. */
export function* findSlices(
  text: Text,
  { start, end }: { readonly start: number; readonly end: number },
  find: Finder,
  { bytes, around }: SliceSize,
): Generator<Slice> {
  for (let at = start; at < end;) {
    const from = Math.max(0, at - around);
    const limit = Math.min(at + bytes, end);
    const patches: Patch[] = [];
    for (const found of find(text.slice(from, Math.min(limit + around, text.length)))) {
      const begin = found.start + from;
      if (begin >= at && begin < limit) patches.push({ start: begin, end: found.end + from, text: found.text });
    }
    const stop = Math.max(limit, patches.at(-1)?.end ?? 0);
    yield { start: at, end: stop, patches };
    at = stop;
  }
}

/** The patches of a whole text. */
export function* findPatches(text: Text, find: Finder, size: SliceSize): Generator<Patch> {
  for (const { patches } of findSlices(text, { start: 0, end: text.length }, find, size)) yield* patches;
}

/** Deals out the patches of a text of that many bytes to parts of it. */
export function* dealSlices(length: number, patches: Iterator<Patch>, { bytes }: SliceSize): Generator<Slice> {
  let next = patches.next();
  for (let at = 0; at < length;) {
    const here: Patch[] = [];
    let stop = Math.min(at + bytes, length);
    for (; !next.done && next.value.start < stop; next = patches.next()) {
      here.push(next.value);
      stop = Math.max(stop, next.value.end);
    }
    yield { start: at, end: stop, patches: here };
    at = stop;
  }
}

/** A part of `bytes` with its patches applied; memory of `bytes` itself when it has none. */
export function patchedSlice(bytes: Buffer, { start, end, patches }: Slice): Buffer {
  const output = createOutput(bytes.subarray(start, end));
  for (const patch of patches) output.replace(patch.start - start, patch.end - start, patch.text);
  return output.finish();
}
