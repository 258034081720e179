import { createFinder, type Finder } from './finder.ts';
import type { Lengths } from './lengths.ts';
import { applyPatches, mergePatches, type Patch } from './patch.ts';
import type { Reading } from './reading.ts';
import { createLengthFixer, type Place } from './serialized.ts';
import type { Text } from './text.ts';
import { holdsLengths } from './tokens.ts';
import type { UrlMapping } from './types.ts';

/** Rewrites single values, whatever they stand in, and counts what it did. */
export interface Values {
  readonly counts: { replaced: number; broken: number };
  /** Folders that were met so far. */
  readonly folders: number;
  readonly find: Finder;
  /** Addresses can be told from escapes only where these are undone. */
  readonly backslashPaths: boolean;
  /** The patches of a value with those of the lengths around them; undefined where it has to be unescaped first. */
  patches(text: string, place: Place, found: readonly Patch[]): readonly Patch[] | undefined;
  /** The same for a value that is not at hand as one text; what it finds is asked for twice. */
  withLengths(text: Text, found: () => Iterable<Patch>): Iterable<Patch>;
  /** Undefined when there is nothing to do. */
  text(text: string): string | undefined;
  /** The same for a value that PHP reads as other bytes. */
  stored(stored: string, reading: Reading): string | undefined;
}

/** Throws a TypeError when an address of the mapping is not an absolute http(s) URL. */
export function createValues(mapping: UrlMapping): Values {
  let folders = 0;
  const find = createFinder(mapping, () => (folders += 1));
  const fixLengths = createLengthFixer();
  const counts = { replaced: 0, broken: 0 };

  const countedLengths = (text: Text, place: Place, found: Iterable<Patch>): Lengths | undefined => {
    const result = fixLengths(text, place, found);
    if (result === undefined) return undefined;
    counts.replaced += result.patches;
    if (result.broken) counts.broken++;
    return result.lengths;
  };

  const patches = (text: string, place: Place, found: readonly Patch[]): readonly Patch[] | undefined => {
    if (holdsLengths(text, place.start, place.end)) return countedLengths(text, place, found)?.mergedWith(found, text);
    counts.replaced += found.length;
    return found;
  };

  const textPatches = (text: string): readonly Patch[] | undefined => {
    const found = find(text);
    return found.length > 0 ? patches(text, { start: 0, end: text.length, inRow: false }, found) : undefined;
  };

  return {
    counts,
    get folders() {
      return folders;
    },
    find,
    backslashPaths: mapping.paths.some(({ from }) => !from.startsWith('/')),
    patches,
    withLengths(text, found) {
      const lengths = countedLengths(text, { start: 0, end: text.length, inRow: false }, found());
      return lengths ? mergePatches(found(), lengths.patches(text)) : [];
    },
    text(text) {
      const found = textPatches(text);
      return found && applyPatches(text, found);
    },
    stored(stored, reading) {
      // Lengths are counted in what PHP reads, and what is stored keeps all other bytes.
      const read = reading.read(stored);
      const found = textPatches(read);
      if (reading.converted) return applyPatches(read, found ?? []);
      return found && applyPatches(stored, [...reading.back(stored, found)]);
    },
  };
}
