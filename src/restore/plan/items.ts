import { createHash } from 'node:crypto';
import { textOfCell } from '../cell-text.ts';
import { countRowsByItem, type RestoreChanges } from '../changes.ts';
import { directoryOf, type Directory } from '../merge/directory.ts';
import type { ItemOutcome, Merge } from '../merge/outcome.ts';
import { keyOfItem, type ItemId, type TableDifferences } from '../merge/types.ts';
import { conflictText, groupOf, keptText, saidBy, titleOf, whatChanged } from './describe.ts';
import type { Plan, PlanItem } from './schema.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');

/** Instead of the digest of what is protected: a plan is passed around, and short secrets can be guessed from theirs. */
const HIDDEN = '0'.repeat(64);

/** The things that the clone changed, as the plan shows them. */
export function planItems(
  merged: Merge,
  changes: RestoreChanges,
  tables: readonly TableDifferences[],
  formerName: (item: ItemId) => string | undefined,
): PlanItem[] {
  const directory = directoryOf(tables);
  const titleOfKey = titlesByKey(directory);
  const counts = countRowsByItem(changes);
  const rows = new Map(changes.items.map(({ id }, item) => [id, counts.get(item) ?? 0]));
  return merged.items.filter(isShown).map((outcome) => {
    const { item, change, parts, both, over, conflict, kept } = outcome;
    const id = keyOfItem(item);
    const was = formerName(item);
    return {
      id: textOfCell(id),
      ...(was !== undefined && { was: textOfCell(was) }),
      group: groupOf(item),
      title: titleOf(item, directory),
      change,
      what: change === 'changed' ? whatChanged(parts).map(textOfCell) : [],
      both,
      ...(over && { over: conflictText(over, titleOfKey) }),
      rows: outcome.writes.length > 0 ? (rows.get(id) ?? 0) : 0,
      live: kept?.code === 'PROTECTED' ? HIDDEN : sha256(saidBy(parts, 'live')),
      clone: kept?.code === 'PROTECTED' ? HIDDEN : sha256(saidBy(parts, 'clone')),
      ...(conflict && { conflict: { code: conflict.code, message: conflictText(conflict, titleOfKey), take: null } }),
      ...(kept && {
        kept: {
          code: kept.code,
          ...(kept.code === 'PROTECTED' ? { class: kept.class } : {}),
          message: keptText(kept, titleOfKey),
        },
      }),
    };
  });
}

/** The title of a thing by its key. */
export const titlesByKey =
  (directory: Directory) =>
  (key: string): string => {
    const at = key.indexOf(':');
    return titleOf({ kind: key.slice(0, at), id: key.slice(at + 1) }, directory);
  };

/** Which plugins are active is told of for itself; what is ours is nobody's change. */
const isShown = ({ item, kept }: ItemOutcome): boolean =>
  !(item.kind === 'option' && item.id === 'active_plugins') && !(kept?.code === 'PROTECTED' && kept.class === 'own');

/** What the live site did meanwhile, by kind. */
export function meanwhileOf({ meanwhile }: Merge): Plan['meanwhile'] {
  const kinds = new Map<string, { kind: string; new: number; changed: number; deleted: number }>();
  for (const { item, change } of meanwhile) {
    const kind = kindOf(item);
    const counts = kinds.get(kind) ?? { kind, new: 0, changed: 0, deleted: 0 };
    kinds.set(kind, counts);
    counts[change] += 1;
  }
  return [...kinds.values()];
}

const kindOf = ({ kind }: ItemId): string => {
  if (/^(order|shop_order)$/.test(kind)) return 'order';
  return kind === 'option' ? 'setting' : kind;
};
