import type { SiteInfo } from '../../site/info.ts';
import type { TransferTask } from '../types.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { Others } from './others.ts';
import { type SelectedTable, unmatchedPatterns } from './select.ts';
import type { TableState } from './stream.ts';

export function warnOfOtherSites({ otherPrefixes }: SiteInfo, warnings: WarningCollector): void {
  if (otherPrefixes.length === 0) return;
  warnings.add(
    'OTHER_SITE_IN_DATABASE',
    `Tables of other sites in the same database were left alone (${otherPrefixes.join(', ')}).`,
  );
}

/** Patterns that fit nothing, and what has not the site's prefix and was not asked for. */
export function warnOfUnmatched(
  { info, excludeTables, includeTables = [] }: TransferTask,
  selected: readonly SelectedTable[],
  others: Others,
  warnings: WarningCollector,
): void {
  const names = selected.map(({ info: { name } }) => name);
  for (const pattern of unmatchedPatterns(excludeTables, names, info.tablePrefix))
    warnings.add('EXCLUDE_UNMATCHED', `No table is called ${escapedName(pattern)}: the pattern left nothing out.`);
  const candidates = [...others.tables, ...others.views].map(({ name }) => name);
  for (const pattern of unmatchedPatterns(includeTables, candidates, info.tablePrefix))
    warnings.add('INCLUDE_UNMATCHED', `No table without the prefix of the site is called ${escapedName(pattern)}.`);
  if (others.leftOut.length === 0) return;
  const shown = others.leftOut.slice(0, 20).map(escapedName).join(', ');
  const more = others.leftOut.length > 20 ? ` and ${others.leftOut.length - 20} more` : '';
  warnings.add(
    'TABLES_WITHOUT_PREFIX',
    `Left out, because they have not the prefix ${escapedName(info.tablePrefix)}: ${shown}${more}. --include-table copies those that the site needs.`,
  );
}

/** What of the site's part of the database is no table, view or trigger. */
export function warnOfLeftOut(info: SiteInfo, warnings: WarningCollector): void {
  for (const { name, kind } of info.leftOut ?? [])
    warnings.add('DATABASE_FEATURE_DROPPED', `The ${escapedName(kind)} ${escapedName(name)} was left out.`);
}

/** Addresses in base64 go on pointing to the source. */
export function warnOfEncoded(states: readonly TableState[], warnings: WarningCollector): void {
  for (const { table } of states)
    for (const [index, count] of table.encoded)
      warnings.add(
        'BASE64_ADDRESS',
        `${escapedName(`${table.plan.name}.${table.plan.columns[index] ?? ''}`)}: ${count} values hold an address of the site in base64; they were left as they are.`,
      );
}

export function warnOfBroken(values: number, warnings: WarningCollector): void {
  if (values === 0) return;
  warnings.add(
    'BROKEN_SERIALIZED',
    `${values} values hold serialized data that was already broken; they were rewritten as plain text.`,
  );
}
