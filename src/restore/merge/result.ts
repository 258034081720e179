import type { Directory } from './directory.ts';
import { itemOfPost, itemOfTerm } from './directory.ts';
import { isChangedOnLive, type Group } from './groups.ts';
import { takenNames } from './names.ts';
import type { Conflict, Policy, ItemOutcome } from './outcome.ts';
import { cell, type Part } from './parts.ts';
import { numberColumn, referencesOf, type Reference } from './references.ts';
import { keyOfItem, type Row, type ItemId } from './types.ts';

/**
 * Looks at the live site as it would be: what refers to something that will not be there, what has the name of another thing, and what
 * goes although it is used, is a conflict. One conflict may make others, so it goes on until there are no more.
 */
export function checkResult(
  outcomes: readonly ItemOutcome[],
  groups: readonly Group[],
  directory: Directory,
  policy: Policy,
): ItemOutcome[] {
  const presence = presenceOf(groups);
  const used = usesOnLive(groups, directory);
  let current = outcomes.map((outcome) => ({ ...outcome }));
  current = current.map((outcome) => against(outcome, usedOnLive(outcome, used), policy));
  for (;;) {
    const result = resultOf(presence, current);
    const names = takenNames(current, groups);
    const conflictOf = (outcome: ItemOutcome): Conflict | undefined =>
      names.get(outcome) ?? missing(outcome, presence, result, directory);
    const next = current.map((outcome) => against(outcome, conflictOf(outcome), policy));
    if (next.every((outcome, index) => outcome === current[index])) return next;
    current = next;
  }
}

/** Nothing that the clone has helps against these: it stays, or the person changes something. */
function against(outcome: ItemOutcome, conflict: Conflict | undefined, policy: Policy): ItemOutcome {
  if (conflict === undefined) return outcome;
  const side = policy.decisions.get(keyOfItem(outcome.item)) ?? policy.take;
  const { conflict: _, kept: __, ...rest } = outcome;
  return side === 'live'
    ? { ...rest, writes: [], kept: { code: 'LIVE_TAKEN', instead: conflict } }
    : { ...rest, writes: [], conflict };
}

type Presence = ReadonlyMap<string, { readonly live: boolean; readonly clone: boolean }>;
const keyOf = ({ short, id }: Reference): string => `${short}:${id}`;

const idOf = (part: Part, row: Row | undefined): string =>
  (row && cell(part.table, row, numberColumn(part.table.short))) ?? '';

const partsWithNumbers = (groups: readonly Group[]): Part[] =>
  groups.flatMap(({ parts }) =>
    parts.flatMap(({ part }) => (part.table.at(numberColumn(part.table.short)) === -1 ? [] : [part])),
  );

function presenceOf(groups: readonly Group[]): Presence {
  return new Map(
    partsWithNumbers(groups).map((part) => {
      const id = idOf(part, part.clone[0] ?? part.live[0] ?? part.base[0]);
      return [keyOf({ short: part.table.short, id }), { live: part.live.length > 0, clone: part.clone.length > 0 }];
    }),
  );
}

/** What will be there. */
function resultOf(presence: Presence, outcomes: readonly ItemOutcome[]): Set<string> {
  const there = new Set([...presence].flatMap(([key, { live }]) => (live ? [key] : [])));
  for (const { writes } of outcomes)
    for (const { part, rows } of writes) {
      const key = keyOf({ short: part.table.short, id: idOf(part, rows[0] ?? part.live[0]) });
      if (rows.length > 0) there.add(key);
      else there.delete(key);
    }
  return there;
}

function missing(
  outcome: ItemOutcome,
  presence: Presence,
  result: ReadonlySet<string>,
  directory: Directory,
): Conflict | undefined {
  for (const { part, rows } of outcome.writes)
    for (const reference of rows.flatMap((row) => referencesOf(part.table, row, directory)))
      if (presence.get(keyOf(reference))?.clone && !result.has(keyOf(reference)))
        return { code: 'NEEDS', what: keyOfItem(itemOf(reference, directory)) };
  return undefined;
}

function itemOf({ short, id }: Reference, directory: Directory): ItemId {
  if (short === 'posts') return itemOfPost(directory, id);
  if (short === 'terms') return itemOfTerm(directory, id);
  if (short === 'term_taxonomy') return itemOfTerm(directory, directory.termOf(id)?.id ?? id);
  return { kind: short.replace(/s$/, ''), id };
}

/** What rows refer to that the live site made or changed, by what they belong to. */
function usesOnLive(groups: readonly Group[], directory: Directory): Map<string, ItemId[]> {
  const used = new Map<string, ItemId[]>();
  for (const { item, parts } of groups)
    for (const { part } of parts.filter((each) => isChangedOnLive(each) && each.protection !== 'machine'))
      for (const row of part.live)
        for (const reference of referencesOf(part.table, row, directory)) {
          const key = keyOf(reference);
          used.set(key, [...(used.get(key) ?? []), item]);
        }
  return used;
}

function usedOnLive(outcome: ItemOutcome, used: ReadonlyMap<string, readonly ItemId[]>): Conflict | undefined {
  if (outcome.change !== 'deleted' || outcome.kept?.code === 'PROTECTED' || outcome.kept?.code === 'NOT_CHOSEN')
    return undefined;
  for (const part of outcome.parts.filter(({ clone }) => clone.length === 0)) {
    const users = used.get(keyOf({ short: part.table.short, id: idOf(part, part.base[0]) })) ?? [];
    const by = users.find((item) => keyOfItem(item) !== keyOfItem(outcome.item));
    if (by) return { code: 'USED_ON_LIVE', by: keyOfItem(by) };
  }
  return undefined;
}
