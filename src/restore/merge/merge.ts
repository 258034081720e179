import { decide } from './decide.ts';
import { directoryOf } from './directory.ts';
import { changeOf, groupsOf, isChangedOnLive, type Group, type OwnedPart } from './groups.ts';
import type { LiveChange, Merge, Policy } from './outcome.ts';
import { withoutOrderedStock } from './ordered.ts';
import { checkResult } from './result.ts';
import type { TableDifferences } from './types.ts';

/**
 * Merges what a clone changed into what a live site is by now. Pure: it reads nothing and decides nothing by chance. `tables` hold the
 * rows that differ and those that `lookupsFor` asked for.
 */
export function merge(tables: readonly TableDifferences[], policy: Policy): Merge {
  const directory = directoryOf(tables);
  const groups = groupsOf(policy.include.has('orders') ? tables : withoutOrderedStock(tables), directory);
  const outcomes = groups.flatMap((group) => decide(group, policy));
  return {
    items: checkResult(outcomes, groups, directory, policy),
    meanwhile: groups.flatMap((group) => liveChange(group)),
  };
}

/** The machinery's own doings are not told of. */
function liveChange({ item, parts }: Group): LiveChange[] {
  const changed = parts.filter((each) => isLivesOwn(each) && isChangedOnLive(each) && !isSilent(each.protection));
  if (changed.length === 0) return [];
  const protection = changed.find((each) => each.head)?.protection ?? changed[0]?.protection;
  return [{ item, change: changeOf(parts, 'live'), protection }];
}

/** Of what both sides have nobody knows who changed it. */
const isLivesOwn = ({ part }: OwnedPart): boolean => part.table.twoSided === undefined || part.clone.length === 0;

const isSilent = (protection: LiveChange['protection']): boolean => protection === 'machine' || protection === 'own';
