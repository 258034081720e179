import type { FilesInput } from './types.ts';
import type { ClonedFile, ClonedFiles } from './clone-files.ts';
import type { LiveBody, LiveFiles } from './live-files.ts';

/**
 * Files that an earlier restore may have left at the live site and that the clone has as it was made by now, or no more: what a person took
 * back in the clone is a change since then. `there`: others than the clone was made with.
 */
export function takenBack(
  { base, changed }: ClonedFiles,
  brought: FilesInput['brought'],
  { other, gone }: LiveFiles,
): ClonedFile[] {
  const known = new Set(changed.map(({ place }) => place));
  const left = Object.keys(brought).filter((place) => !known.has(place) && (other.has(place) || gone.has(place)));
  return left.map((place): ClonedFile => {
    const record = base.get(place);
    if (record === undefined) return { place, change: 'deleted', size: 0, base: undefined, sha256: null };
    const { size, sha256 } = record.rewritten ?? record.body;
    return { place, change: 'changed', size, base: record, sha256 };
  });
}

/**
 * Those of them that the live site still has just as they were left: what anybody wrote since is not the clone's to take back, nor what was
 * taken back already.
 */
export const stillLeft = (
  files: readonly ClonedFile[],
  brought: FilesInput['brought'],
  { gone }: LiveFiles,
  bodies: ReadonlyMap<string, LiveBody>,
): ClonedFile[] =>
  files.filter(({ place, base }) => {
    const there = gone.has(place) ? null : bodies.get(place)?.sha256;
    return there !== undefined && there !== base?.body.sha256 && brought[place]?.includes(there) === true;
  });
