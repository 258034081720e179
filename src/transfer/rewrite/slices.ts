import type { Finder } from './finder.ts';
import { createOutput } from './output.ts';
import type { Patch } from './patch.ts';

/** Text that is read a part at a time, one character for each byte; a string is one. */
export interface Text {
  readonly length: number;
  slice(start: number, end: number): string;
}

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

/** Parts so small that their strings are freed with the young heap. */
export const SLICES: SliceSize = { bytes: 256 * 1024, around: 16 * 1024 };

export const textOf = (bytes: Buffer): Text => ({
  length: bytes.length,
  slice: (start, end) => bytes.toString('latin1', start, end),
});

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

/** Deals out the patches of a text of that many bytes to parts of it. */
export function* dealSlices(length: number, patches: readonly Patch[], { bytes }: SliceSize): Generator<Slice> {
  let next = 0;
  for (let at = 0; at < length;) {
    const first = next;
    let stop = Math.min(at + bytes, length);
    for (let patch = patches[next]; patch && patch.start < stop; patch = patches[++next])
      stop = Math.max(stop, patch.end);
    yield { start: at, end: stop, patches: patches.slice(first, next) };
    at = stop;
  }
}

/** A part of `bytes` with its patches applied; memory of `bytes` itself when it has none. */
export function patchedSlice(bytes: Buffer, { start, end, patches }: Slice): Buffer {
  const output = createOutput(bytes.subarray(start, end));
  for (const patch of patches) output.replace(patch.start - start, patch.end - start, patch.text);
  return output.finish();
}
