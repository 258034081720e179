import type { Directory } from './directory.ts';
import { isApart, isEcho } from './index-entries.ts';
import { ownerOf, type Owner } from './owners.ts';
import { differs, partsOf, tableOf, type Part } from './parts.ts';
import { keyOfItem, type TableDifferences, type ItemId } from './types.ts';

export interface OwnedPart extends Owner {
  readonly part: Part;
}

/** All that is known of one thing. */
export interface Group {
  readonly item: ItemId;
  readonly parts: readonly OwnedPart[];
}

/** Gathers the parts of each thing. */
export function groupsOf(tables: readonly TableDifferences[], directory: Directory): Group[] {
  const groups = new Map<string, { item: ItemId; parts: OwnedPart[] }>();
  for (const differences of tables) {
    for (const part of partsOf(tableOf(differences), differences.rows)) {
      const owner = ownerOf(part, directory);
      const key = keyOfItem(owner.item);
      const group = groups.get(key) ?? { item: owner.item, parts: [] };
      groups.set(key, group);
      group.parts.push({ ...owner, part });
    }
  }
  return [...groups.values()];
}

/** Whether the clone made it something that it neither was nor is on the live site. */
export const isChangedInClone = ({ part }: OwnedPart): boolean =>
  differs(part, 'base', 'clone') && differs(part, 'live', 'clone') && !isApart(part);

export const isChangedOnLive = ({ part }: OwnedPart): boolean => differs(part, 'base', 'live') && !isEcho(part);

/** The change of the thing itself, by its heads: without one, it is there and something of it changed. */
export function changeOf(parts: readonly OwnedPart[], version: 'live' | 'clone'): 'new' | 'changed' | 'deleted' {
  const heads = parts.filter(
    ({ head, part: { table } }) => head && (table.class.kind !== 'unkeyed' || table.whole === true),
  );
  if (heads.length === 0) return 'changed';
  if (heads.every(({ part }) => part.base.length > 0 && part[version].length === 0)) return 'deleted';
  const other = version === 'clone' ? 'live' : 'clone';
  const isNew = ({ part }: OwnedPart): boolean =>
    part.base.length === 0 && part[version].length > 0 && !(part.table.twoSided && part[other].length > 0);
  return heads.every(isNew) ? 'new' : 'changed';
}
