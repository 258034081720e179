/** How many letters may be wrong, missing, too many or swapped with the next one. */
const SLIPS = 2;

/** The word that somebody who typed `typed` most likely meant; undefined when none is near. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  if (typed === '') return undefined;
  const ranked = words
    .map((word) => ({ word, slips: word.startsWith(typed) ? 0 : slipsBetween(typed, word) }))
    .filter(({ word, slips }) => slips <= SLIPS && slips < word.length / 2)
    .toSorted((one, other) => one.slips - other.slips);
  return ranked[0]?.word;
}

/** Edits that turn one word into the other (optimal string alignment distance). */
function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line[column] = Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, line];
  }
  return above[other.length] ?? 0;
}
