import type { Group } from './groups.ts';
import type { Conflict, ItemOutcome } from './outcome.ts';
import { cell, type Part, type Table } from './parts.ts';
import type { Row } from './types.ts';

/** The names under which a row is found, which WordPress keeps unique in PHP only, or the database. `taxonomies`: of terms, by number. */
function namesOf(table: Table, row: Row, taxonomies: ReadonlyMap<string, string>): string[] {
  const value = (column: string): string => cell(table, row, column) ?? '';
  switch (table.short) {
    case 'posts': {
      const named = value('post_name') !== '' && !/^(auto-draft|trash|inherit)$/.test(value('post_status'));
      return named ? [`${value('post_type')}\n${value('post_parent')}\n${value('post_name')}`] : [];
    }
    case 'terms':
      return [`${taxonomies.get(value('term_id')) ?? ''}\n${value('slug')}`];
    case 'users':
      return [`login ${value('user_login')}`, `e-mail ${value('user_email')}`].filter((name) => !name.endsWith(' '));
    default:
      return (table.unique ?? []).flatMap((columns) => {
        const values = columns.map((column) => cell(table, row, column));
        return values.includes(null) ? [] : [`${columns.join()}\n${values.join(', ')}`];
      });
  }
}

/**
 * Outcomes that would put a second thing of one name on the live site, as that would be: beside what it has made, what was deleted in the
 * clone and stays, or what gave the name away in the clone and does not travel.
 */
export function takenNames(
  outcomes: readonly ItemOutcome[],
  groups: readonly Group[],
): ReadonlyMap<ItemOutcome, Conflict> {
  const taxonomies = taxonomiesOf(groups);
  const named = (part: Part, rows: readonly Row[]): string[] =>
    rows.flatMap((row) => namesOf(part.table, row, taxonomies)).map((name) => folded(part.table, name));
  const writes = new Map(outcomes.flatMap((each) => each.writes.map(({ part, rows }) => [part, rows] as const)));
  const holders = new Map<string, Part[]>();
  for (const part of groups.flatMap(({ parts }) => parts.map((each) => each.part)).filter(isNamed))
    for (const name of named(part, writes.get(part) ?? part.live))
      holders.set(name, [...(holders.get(name) ?? []), part]);
  const found = new Map<ItemOutcome, Conflict>();
  for (const outcome of outcomes)
    for (const { part, rows } of outcome.writes.filter((write) => isNamed(write.part))) {
      const had = new Set(named(part, part.live));
      for (const row of rows)
        for (const name of namesOf(part.table, row, taxonomies)) {
          const key = folded(part.table, name);
          if (had.has(key)) continue;
          // What bears one name in the clone does so by WordPress's leave.
          const other = holders.get(key)?.find((each) => each !== part && !named(each, each.clone).includes(key));
          if (other) found.set(outcome, { code: 'NAME_TAKEN', name: plain(name) });
        }
    }
  return found;
}

const isNamed = ({ table }: Part): boolean =>
  /^(posts|terms|users)$/.test(table.short) || (table.unique ?? []).length > 0;

/** Collations of WordPress's tables do not tell case. */
const folded = (table: Table, name: string): string => `${table.short} ${name.toLowerCase()}`;

const plain = (name: string): string => name.split('\n').at(-1) ?? name;

function taxonomiesOf(groups: readonly Group[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { part } of groups.flatMap(({ parts }) => parts))
    if (part.table.short === 'term_taxonomy')
      for (const row of [...part.base, ...part.live, ...part.clone])
        found.set(cell(part.table, row, 'term_id') ?? '', cell(part.table, row, 'taxonomy') ?? '');
  return found;
}
