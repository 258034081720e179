import { isChangedOnLive, type Group } from './groups.ts';
import type { Conflict, ItemOutcome } from './outcome.ts';
import { cell, type Part, type Table } from './parts.ts';
import type { Row } from './types.ts';

/** The names under which a row is found, which WordPress keeps unique in PHP only. `taxonomies`: of terms, by number. */
function namesOf(table: Table, row: Row, taxonomies: ReadonlyMap<string, string>): string[] {
  const value = (column: string): string => cell(table, row, column) ?? '';
  switch (table.short) {
    case 'posts': {
      const named = value('post_name') !== '' && !/^(auto-draft|trash|inherit)$/.test(value('post_status'));
      return named ? [`${value('post_type')}/${value('post_parent')}/${value('post_name')}`] : [];
    }
    case 'terms':
      return [`${taxonomies.get(value('term_id')) ?? ''}/${value('slug')}`];
    case 'users':
      return [`login ${value('user_login')}`, `e-mail ${value('user_email')}`].filter((name) => !name.endsWith(' '));
    default:
      return [];
  }
}

/** Outcomes that would put a second thing of one name on the live site: what the clone made beside what the live site made. */
export function takenNames(
  outcomes: readonly ItemOutcome[],
  groups: readonly Group[],
): ReadonlyMap<ItemOutcome, Conflict> {
  const taxonomies = taxonomiesOf(groups);
  const taken = new Map<string, Part>();
  for (const { part } of groups.flatMap(({ parts }) => parts).filter(isChangedOnLive))
    for (const row of part.live)
      for (const name of namesOf(part.table, row, taxonomies)) taken.set(folded(part.table, name), part);
  const found = new Map<ItemOutcome, Conflict>();
  for (const outcome of outcomes)
    for (const { part, rows } of outcome.writes)
      for (const name of rows.flatMap((row) => namesOf(part.table, row, taxonomies))) {
        const other = taken.get(folded(part.table, name));
        if (other && other.key !== part.key) found.set(outcome, { code: 'NAME_TAKEN', name: plain(name) });
      }
  return found;
}

/** Collations of WordPress's tables do not tell case. */
const folded = (table: Table, name: string): string => `${table.short} ${name.toLowerCase()}`;

const plain = (name: string): string => name.split('/').at(-1) ?? name;

function taxonomiesOf(groups: readonly Group[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { part } of groups.flatMap(({ parts }) => parts))
    if (part.table.short === 'term_taxonomy')
      for (const row of [...part.base, ...part.live, ...part.clone])
        found.set(cell(part.table, row, 'term_id') ?? '', cell(part.table, row, 'taxonomy') ?? '');
  return found;
}
