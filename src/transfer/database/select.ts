import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { globToRegExp } from '../glob.ts';

export interface SelectedTable {
  readonly info: TableInfo;
  /** Only its structure is copied. */
  readonly empty: boolean;
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

/** The site's tables; those that match a glob (with the prefix or without it) are copied without their rows. */
export function selectTables(info: SiteInfo, exclude: readonly string[]): SelectedTable[] {
  const globs = exclude.map(globToRegExp);
  const seen = new Set<string>();
  return info.tables
    .filter((table) => ownName(table.name, info) && !seen.has(table.name) && seen.add(table.name))
    .map((table) => {
      const bare = table.name.slice(info.tablePrefix.length);
      return { info: table, empty: globs.some((glob) => glob.test(table.name) || glob.test(bare)) };
    });
}

/** Patterns that leave no table out: most likely slips of whoever wrote them. */
export function unmatchedPatterns(info: SiteInfo, exclude: readonly string[]): string[] {
  return exclude.filter((pattern) => !selectTables(info, [pattern]).some((table) => table.empty));
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
