import type { FileRecord } from '../../transfer/baseline/files.ts';
import type { ClonedFile } from './clone-files.ts';

/**
 * What it takes to make a package of the live site the one that the clone has, where both changed it: what only the live site changed
 * goes back too, and what only it has goes. Half of one version and half of another is none.
 */
export function wholePackage(
  changed: readonly ClonedFile[],
  live: ReadonlyMap<string, string | null>,
  base: ReadonlyMap<string, FileRecord>,
): ClonedFile[] {
  const known = new Set(changed.map(({ place }) => place));
  const others = [...live].flatMap(([place, sha256]): ClonedFile[] => {
    const record = base.get(place);
    if (known.has(place) || (record?.body.sha256 ?? null) === sha256) return [];
    if (record === undefined) return [{ place, change: 'deleted', size: 0, base: undefined, sha256: null }];
    const change = sha256 === null ? 'new' : 'changed';
    return [{ place, change, size: record.body.size, base: record, sha256: record.body.sha256 }];
  });
  return [...changed, ...others];
}
