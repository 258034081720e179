import { pathMatcher } from '../glob.ts';
import { joinPlaces } from './places.ts';

/** A site in a folder has its paths known by people from there: a pattern is taken from the folder of WordPress, and as it is. */
export function fromDocumentRoot(patterns: readonly string[], core: string): string[] {
  return [...new Set(patterns.flatMap((pattern) => [pattern, joinPlaces(core, pattern.replace(/^\.?\/+/, ''))]))];
}

export interface WatchedPatterns {
  /** Told of a place that was left out here. */
  readonly see: (place: string) => void;
  /** Told of globs by which the site left something out: their numbers among those that it was given. */
  readonly fits: (numbers: readonly number[]) => void;
  /** Those that left nothing out; none where the site does not tell. */
  readonly unmatched: () => readonly string[];
}

/** Watches which of somebody's patterns leave something out; `exclude` is what the site is given. */
export function watchPatterns(patterns: readonly string[], exclude: readonly string[], core: string): WatchedPatterns {
  const watched = patterns.map((pattern) => {
    const own = fromDocumentRoot([pattern], core);
    return { pattern, own, matches: pathMatcher(own) };
  });
  const fitting = new Set<string>();
  let isTold = false;
  /** Whether another pattern leaves out what this one is about, so that nobody gets to see it. */
  const isCovered = ({ own }: (typeof watched)[number]): boolean => {
    const others = pathMatcher(exclude.filter((glob) => !own.includes(glob)));
    return own.some((glob) => others(glob.replace(/\/+$/, '').replace(/\/\*\*$/, '')));
  };
  return {
    see: (place) => {
      for (const { pattern, matches } of watched) if (!fitting.has(pattern) && matches(place)) fitting.add(pattern);
    },
    fits: (numbers) => {
      isTold = true;
      for (const { pattern, own } of watched)
        if (numbers.some((number) => own.includes(exclude[number] ?? ''))) fitting.add(pattern);
    },
    unmatched: () =>
      isTold ? watched.flatMap((each) => (fitting.has(each.pattern) || isCovered(each) ? [] : [each.pattern])) : [],
  };
}
