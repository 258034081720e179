import type { ClonedFiles } from './clone-files.ts';
import type { LiveFiles } from './live-files.ts';

/** Of the files of both sides. */
export const namesThatMeet = (
  { base, changed }: Pick<ClonedFiles, 'base' | 'changed'>,
  { other, gone }: LiveFiles,
): Map<string, string> =>
  meetingNames(
    changed.flatMap(({ place, change }) => (change === 'new' ? [place] : [])),
    [...base.keys(), ...other.keys()].filter((place) => !gone.has(place)),
  );

/**
 * Files that are new in the clone and would meet another one on a live site whose file system makes no difference between upper and lower
 * case: by place, the other one. `there` are the places that the live site has.
 */
export function meetingNames(fresh: readonly string[], there: Iterable<string>): Map<string, string> {
  const known = new Map<string, string[]>();
  for (const place of [...fresh, ...there]) {
    const alike = known.get(folded(place)) ?? [];
    if (alike.length === 0) known.set(folded(place), alike);
    alike.push(place);
  }
  const met = fresh.flatMap((place): [string, string][] => {
    const other = known.get(folded(place))?.find((each) => each !== place);
    return other === undefined ? [] : [[place, other]];
  });
  return new Map(met);
}

/** As such file systems compare names; some of them compose letters too. */
const folded = (place: string): string => place.normalize('NFC').toLowerCase();

export const meetingWords = (other: string): string =>
  `the file system of the live site makes no difference between upper and lower case, and has ${other} there`;
