import { isBornOnce } from './birth.ts';
import { quietColumns } from './classes.ts';
import { changeOf, isChangedInClone, isChangedOnLive, type Group, type OwnedPart } from './groups.ts';
import { isEcho } from './index-entries.ts';
import { isAsLive, mergePart, type Merged } from './merge-part.ts';
import type { Protection } from './never.ts';
import type { Conflict, Policy, ItemOutcome, Write } from './outcome.ts';
import { cell, type Part } from './parts.ts';
import { keyOfItem } from './types.ts';

/** What becomes of one thing; nothing when the clone changed nothing of it. What is protected of it is an outcome of its own. */
export function decide(group: Group, policy: Policy): ItemOutcome[] {
  const changed = group.parts.filter(isChangedInClone);
  const isFree = policy.freed?.has(keyOfItem(group.item)) ?? false;
  const heldAs = ({ protection, within }: OwnedPart): Protection | undefined =>
    (isFree ? [] : [protection, within]).find(
      (each) => each !== undefined && (each === 'own' || !policy.include.has(each)),
    );
  const classes = new Set(changed.map(heldAs).filter((each) => each !== undefined));
  const kept = [...classes].map((each) => {
    const parts = changed.filter((part) => heldAs(part) === each);
    return outcomeOf(group, parts, { kept: { code: 'PROTECTED', class: each } });
  });
  const free = changed.filter((each) => heldAs(each) === undefined);
  const noise = (each: OwnedPart): boolean => policy.isNoise(each.part) && policy.chooses(group.item) !== 'named';
  if (free.length > 0 && free.every((each) => noise(each) || isEcho(each.part)))
    return [...kept, outcomeOf(group, free, { kept: { code: 'NOISE' } })];
  const meant = free.filter((each) => !noise(each));
  return meant.length === 0 ? kept : [...kept, settle(group, meant, policy)];
}

function settle(group: Group, changed: readonly OwnedPart[], policy: Policy): ItemOutcome {
  if (policy.chooses(group.item) === 'no') return outcomeOf(group, changed, { kept: { code: 'NOT_CHOSEN' } });
  const change = changeOf(group.parts, 'clone');
  const doubt = changed.find(({ part }) => part.table.doubt !== undefined)?.part.table.doubt;
  const against = policy.against.get(keyOfItem(group.item));
  if (against !== undefined) return withConflict(group, changed, policy, against, undefined);
  if (doubt !== undefined)
    return withConflict(group, changed, policy, { code: 'NOT_COMPARABLE', why: doubt }, undefined);
  if (change === 'deleted' && changed.some(({ head }) => head)) return settleDeletion(group, changed, policy);
  if (changed.some(({ part }) => isFewer(part)) && !policy.delete)
    return outcomeOf(group, changed, { kept: { code: 'DELETION' } });
  if (changeOf(group.parts, 'live') === 'deleted')
    return withConflict(group, changed, policy, { code: 'DELETED_ON_LIVE' }, undefined);
  const taken = changed.find(({ part }) => isTakenNumber(part));
  if (taken) return withConflict(group, changed, policy, { code: 'NUMBER_TAKEN' }, undefined);
  return settleEdit(group, changed, policy);
}

/** Rows that have no key, of which the clone has fewer. */
const isFewer = ({ table, base, clone }: Part): boolean => table.class.kind === 'unkeyed' && clone.length < base.length;

/** A number that both gave to something new. */
const isTakenNumber = ({ table, base, live, clone }: Part): boolean =>
  table.class.kind === 'entity' &&
  base.length === 0 &&
  live[0] !== undefined &&
  clone[0] !== undefined &&
  !isBornOnce(table, live[0], clone[0]);

function settleDeletion(group: Group, changed: readonly OwnedPart[], policy: Policy): ItemOutcome {
  const all = group.parts.filter(({ part }) => part.live.length > 0 && part.clone.length === 0);
  const writes = all.map(({ part }): Write => ({ part, rows: [] }));
  const touched = group.parts.some((each) => isChangedOnLive(each) && each.protection !== 'machine');
  if (touched)
    return withConflict(group, changed, policy, { code: 'DELETED_IN_CLONE' }, policy.delete ? writes : undefined);
  return policy.delete
    ? outcomeOf(group, changed, { writes })
    : outcomeOf(group, changed, { kept: { code: 'DELETION' } });
}

function settleEdit(group: Group, changed: readonly OwnedPart[], policy: Policy): ItemOutcome {
  const merged = changed.map(({ part }) => ({ part, ...mergePart(part) }));
  const writes = merged.flatMap(({ part, rows }): Write[] => (isAsLive(part, rows) ? [] : [{ part, rows }]));
  const clashes = merged.filter(({ clash }) => clash !== undefined);
  if (clashes.length > 0) {
    const fields = [...new Set(clashes.flatMap(({ part, clash }) => namesOf(part, clash)))];
    return withConflict(group, changed, policy, clashOf(group, clashes, fields), writes);
  }
  const rivals = rivalsOf(group, changed);
  if (rivals.length > 0) {
    const fields = rivals.map(({ single }) => single ?? '');
    const gone = rivals.map(({ part }): Write => ({ part, rows: [] }));
    return withConflict(group, changed, policy, { code: 'BOTH_CHANGED', fields }, [...writes, ...gone]);
  }
  const both = merged.flatMap((each) => each.both ?? []);
  if (both.length > 0 && policy.strict)
    return withConflict(group, changed, policy, { code: 'BOTH_WROTE', fields: both }, writes);
  return outcomeOf(group, changed, { writes, both: group.parts.some(isWroteOnLive) });
}

/** Relations that the live site has given a thing meanwhile, of taxonomies of which it has one, and the clone another. */
const rivalsOf = ({ parts }: Group, changed: readonly OwnedPart[]): readonly OwnedPart[] =>
  parts.filter(
    (each) =>
      each.single !== undefined &&
      each.part.live.length > 0 &&
      each.part.clone.length === 0 &&
      !changed.includes(each) &&
      changed.some(({ single, part }) => single === each.single && part.clone.length > 0),
  );

function clashOf({ item }: Group, clashes: readonly { readonly part: Part }[], fields: readonly string[]): Conflict {
  if (clashes.some(({ part }) => part.table.twoSided)) return { code: 'DIFFERS', fields };
  const isNew = clashes.some(({ part }) => part.base.length === 0 && isNamed(part));
  return isNew ? { code: 'NAME_TAKEN', name: item.id } : { code: 'BOTH_CHANGED', fields };
}

/** Two of one name, not one thing by its number that is new on both sides since an earlier restore brought it. */
const isNamed = ({ table }: Part): boolean => table.class.kind !== 'meta' && table.class.kind !== 'entity';

/** What the machinery does meanwhile is nobody's change. */
const isWroteOnLive = (each: OwnedPart): boolean => isChangedOnLive(each) && each.protection === undefined;

/** Of times and counts, which go with whatever is written, nobody wants to hear. */
const tellingColumns = ({ columns, short }: Part['table']): readonly string[] =>
  columns.filter((column) => !(column in quietColumns(short)));

function namesOf(part: Part, clash: Merged['clash']): readonly string[] {
  if (clash && clash.columns.length > 0) return clash.columns;
  const [live, row] = [part.live[0], part.clone[0] ?? part.live[0]];
  if ((part.table.class.kind === 'entity' || (part.table.twoSided && isNamed(part))) && live && row) {
    const told = tellingColumns(part.table).filter(
      (column) => cell(part.table, live, column) !== cell(part.table, row, column),
    );
    if (told.length > 0) return told;
  }
  const name = row && part.table.class.kind === 'meta' ? cell(part.table, row, 'meta_key') : null;
  return [name ?? part.table.short];
}

/** A conflict, or what was decided of it. `writes`: what taking the clone's side comes to; undefined where that cannot be. */
function withConflict(
  group: Group,
  changed: readonly OwnedPart[],
  policy: Policy,
  conflict: Conflict,
  writes: readonly Write[] | undefined,
): ItemOutcome {
  const side = policy.decisions.get(keyOfItem(group.item)) ?? policy.take;
  if (side === 'live') return outcomeOf(group, changed, { kept: { code: 'LIVE_TAKEN', instead: conflict } });
  if (side === 'clone' && writes !== undefined) return outcomeOf(group, changed, { writes, over: conflict });
  return outcomeOf(group, changed, { conflict });
}

const outcomeOf = ({ item, parts }: Group, changed: readonly OwnedPart[], rest: Partial<ItemOutcome>): ItemOutcome => ({
  item,
  change: changeOf(parts, 'clone'),
  parts: changed.map(({ part }) => part),
  writes: [],
  both: false,
  ...rest,
});
