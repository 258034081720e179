/** Replaces the characters from `start` up to `end`. Lists of patches are in order and do not overlap. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  text: string;
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
