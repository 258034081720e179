import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { globMatcher } from '../glob.ts';

export interface SelectedTable {
  readonly info: TableInfo;
  /** Only its structure is copied. */
  readonly empty: boolean;
  /** It has not the site's prefix. */
  readonly other: boolean;
}

/** Whether a name belongs to the site: it has its prefix, and not the longer one of another site in the same schema. */
export function ownName(name: string, info: Pick<SiteInfo, 'tablePrefix' | 'otherPrefixes'>): boolean {
  // A server may keep all table names in lower case (lower_case_table_names) although the prefix is not.
  const lower = name.toLowerCase();
  return (
    lower.startsWith(info.tablePrefix.toLowerCase()) &&
    !info.otherPrefixes.some(
      (prefix) => prefix.length > info.tablePrefix.length && lower.startsWith(prefix.toLowerCase()),
    )
  );
}

/**
 * The site's tables, and `others` that are copied with them; those that match a glob (with the prefix or without it) are copied
 * without their rows.
 */
export function selectTables(
  info: SiteInfo,
  exclude: readonly string[],
  others: readonly TableInfo[] = [],
): SelectedTable[] {
  const globs = exclude.map(globMatcher);
  const seen = new Set<string>();
  // Another site's users, where two share them.
  const shared = new Set([info.constants['CUSTOM_USER_TABLE'], info.constants['CUSTOM_USER_META_TABLE']]);
  const own = info.tables.filter(({ name }) => ownName(name, info) || shared.has(name));
  return [...own, ...others]
    .filter(({ name }) => !seen.has(name) && seen.add(name))
    .map((table, index) => {
      const other = index >= own.length || others.includes(table);
      const bare = other ? table.name : table.name.slice(info.tablePrefix.length);
      return { info: table, other, empty: globs.some((glob) => glob(table.name) || glob(bare)) };
    });
}

/** Patterns that fit no table: most likely slips of whoever wrote them. */
export function unmatchedPatterns(patterns: readonly string[], tables: readonly string[], prefix: string): string[] {
  return patterns.filter((pattern) => {
    const glob = globMatcher(pattern);
    return !tables.some((name) => glob(name) || (name.startsWith(prefix) && glob(name.slice(prefix.length))));
  });
}

/**
 * Columns that are never rewritten, by table name without its prefix. A GUID must not change (WordPress, "Changing the Site URL",
 * Important GUID Note), and a password hash holds no address.
 */
const SKIPPED: ReadonlyMap<string, readonly string[]> = new Map([
  ['posts', ['guid']],
  ['users', ['user_pass']],
]);

/** The indexes of the columns that are not rewritten, among those that are read (generated ones are not). */
export function skippedColumns(table: TableInfo, prefix: string): ReadonlySet<number> {
  const names = SKIPPED.get(table.name.slice(prefix.length)) ?? [];
  const columns = table.columns.filter((column) => !column.generated);
  return new Set(
    names.map((name) => columns.findIndex((column) => column.name === name)).filter((index) => index >= 0),
  );
}
