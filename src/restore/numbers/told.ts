import { textOfCell } from '../cell-text.ts';
import { directoryOf } from '../merge/directory.ts';
import { groupsOf, isChangedInClone, type OwnedPart } from '../merge/groups.ts';
import { isEcho } from '../merge/index-entries.ts';
import type { Conflict, ItemOutcome, Policy } from '../merge/outcome.ts';
import { cell } from '../merge/parts.ts';
import { keyOfItem, type ItemId } from '../merge/types.ts';
import type { Renumbered } from './renumber.ts';

/** The number (or table and number) that a thing has in the clone, where the live site has another one for it. */
export function formerNames({ numbers }: Pick<Renumbered, 'numbers'>): (item: ItemId) => string | undefined {
  const former = new Map(
    [...numbers].flatMap(([short, each]) => [...each].map(([from, to]): [string, string] => [`${short}/${to}`, from])),
  );
  return ({ kind, id }) => {
    if (kind === 'option') return undefined;
    if (kind !== 'row') return former.get(`${TABLES[kind] ?? 'posts'}/${id}`);
    const from = former.get(id);
    return from === undefined ? undefined : `${id.slice(0, id.lastIndexOf('/'))}/${from}`;
  };
}

/** What is no post. */
const TABLES: Readonly<Record<string, string>> = {
  term: 'terms',
  menu: 'terms',
  user: 'users',
  comment: 'comments',
  link: 'links',
};

/** Things with numbers in them that may mean something that has another number on the live site. */
export interface UnsureNumbers {
  /** Nobody has decided about these. */
  readonly against: ReadonlyMap<string, Conflict>;
  /** These go as they are, because somebody took the clone's side. */
  readonly taken: ReadonlyMap<string, Conflict>;
}

export function unsureNumbers({ tables, unknown }: Renumbered, policy: Policy): UnsureNumbers {
  const against = new Map<string, Conflict>();
  const taken = new Map<string, Conflict>();
  if (unknown.size === 0) return { against, taken };
  for (const { item, parts } of groupsOf(tables, directoryOf(tables))) {
    if (policy.chooses(item) === 'no') continue;
    const found = parts
      .filter((part) => isChangedInClone(part) && !isEcho(part.part) && travels(part, policy))
      .flatMap(unsureIn(unknown));
    if (found.length === 0) continue;
    const numbers = [...new Set(found.map(({ number }) => number))];
    const fields = [...new Set(found.map(({ field }) => field))];
    const key = keyOfItem(item);
    const side = policy.decisions.get(key) ?? policy.take;
    (side === 'clone' ? taken : against).set(key, { code: 'NUMBER_TAKEN', numbers, fields });
  }
  return { against, taken };
}

const travels = ({ part, protection, within }: OwnedPart, policy: Policy): boolean =>
  [protection, within].every((each) => each === undefined || (each !== 'own' && policy.include.has(each))) &&
  !policy.isNoise(part);

const unsureIn =
  (unknown: Renumbered['unknown']) =>
  ({ part }: OwnedPart): { readonly number: string; readonly field: string }[] =>
    part.clone.flatMap((row) =>
      (unknown.get(row) ?? []).map(({ number, column }) => ({
        number,
        field: (part.table.class.kind === 'meta' && cell(part.table, row, 'meta_key')) || column,
      })),
    );

const said = (conflict: Conflict): string =>
  conflict.code === 'NUMBER_TAKEN'
    ? `${(conflict.numbers ?? []).join(', ')} in ${(conflict.fields ?? []).map(textOfCell).join(', ')}`
    : '';

const TOLD = 10;

/** What a person has to know of numbers that are others on the live site. `titleOf`: of a thing, by its key. */
export function numberNotes(
  items: readonly ItemOutcome[],
  formerName: (item: ItemId) => string | undefined,
  { taken }: UnsureNumbers,
  titleOf: (key: string) => string,
): string[] {
  const moved = items.flatMap(({ item, writes }) => {
    const was = writes.length > 0 ? formerName(item) : undefined;
    return was === undefined ? [] : [`${titleOf(keyOfItem(item))} (${was} → ${item.id})`];
  });
  const more = moved.length > TOLD ? ` and ${moved.length - TOLD} more` : '';
  return [
    ...(moved.length === 0
      ? []
      : [
          `These have another number on the live site than in the clone, since it has given that one to something else or has made the same itself, and what refers to them follows: ${moved.slice(0, TOLD).join(', ')}${more}.`,
        ]),
    ...[...taken]
      .filter(([key]) => items.some(({ item, writes }) => writes.length > 0 && keyOfItem(item) === key))
      .map(
        ([key, conflict]) =>
          `${titleOf(key)} goes as it is, with numbers of the clone that may mean something else on the live site: ${said(conflict)}.`,
      ),
  ];
}
