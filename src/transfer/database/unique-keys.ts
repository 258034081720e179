import type { TableInfo } from '../../site/info.ts';
import {
  createKnownRows,
  createUniqueRows,
  MOST_KNOWN,
  type Judge,
  type UniqueKey,
  type UniqueRows,
} from '../rewrite/unique.ts';
import type { OriginKept } from '../origin/schema.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { KeyDefinition, TableDefinition } from './definition.ts';
import { unquoteName } from './sql-tokens.ts';

/** Columns that may hold an address. */
const TEXT = /char|text|blob|binary|^(enum|set|json)/;

/** Watches over the keys of a table that rewriting could make the same in two rows. `columns`: those that are read, in order. */
export function uniqueRowsOf(
  { keys }: TableDefinition,
  columns: TableInfo['columns'],
  skip: ReadonlySet<number>,
): UniqueRows | undefined {
  const place = (name: string): number => columns.findIndex((column) => column.name === name);
  const holdsText = (key: UniqueKey): boolean =>
    key.some(({ column }) => TEXT.test(columns[column]?.type ?? '') && !skip.has(column));
  const isRead = (key: UniqueKey): boolean => key.length > 0 && key.every(({ column }) => column >= 0);
  const unique = keys.filter(({ kind }) => kind === 'primary' || kind === 'unique').map((key) => partsOf(key, place));
  return createUniqueRows(unique.filter((key) => isRead(key) && holdsText(key)));
}

/** `KEY name (`a`,`b`(20))`: the name of the key comes before the parenthesis. */
function partsOf({ tokens }: KeyDefinition, place: (name: string) => number): UniqueKey {
  const parts = tokens.slice(tokens.findIndex(({ text }) => text === '(') + 1);
  return parts.flatMap((token, at) => {
    if (token.kind !== 'name') return [];
    const length = parts[at + 1]?.text === '(' ? Number(parts[at + 2]?.text) : null;
    return [{ column: place(unquoteName(token)), length }];
  });
}

/** Rows that kept an address of the source since another one has the same without it. */
export function warnOfKept(
  tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly unique: UniqueRows | undefined;
  }[],
  warnings: WarningCollector,
): void {
  for (const { name, columns, unique } of tables)
    for (const [key, { count }] of unique?.kept ?? []) {
      const named = key.map(({ column }) => escapedName(columns[column] ?? '')).join(', ');
      warnings.add(
        'ADDRESS_KEPT',
        `${escapedName(name)}: ${count === 1 ? '1 row keeps' : `${count} rows keep`} the address of the site in ${named}: with the clone's it would be there twice, as where one page is known under http and https.`,
      );
    }
}

/** What a clone remembers of values that kept the addresses of the source; undefined where none did. */
export function keptOf(
  columns: readonly string[],
  asTheyAre: ReadonlySet<string>,
  unique: UniqueRows | undefined,
): OriginKept | undefined {
  const rows = [...(unique?.kept ?? [])].map(([key, { digests }]) => ({
    columns: key.map(({ column }) => columns[column] ?? ''),
    digests: [...digests],
  }));
  return rows.length === 0 && asTheyAre.size === 0 ? undefined : { columns: [...asTheyAre], rows };
}

/** Whether more rows kept theirs than are remembered. */
export const isKeptUnknown = (kept: OriginKept | undefined): boolean =>
  kept?.rows.some(({ digests }) => digests.length >= MOST_KNOWN) ?? false;

/** Knows the rows of a table again that kept theirs. `columns`: those that are read, in order. */
export function keptRows(kept: OriginKept | undefined, columns: readonly string[]): Judge | undefined {
  const known = (kept?.rows ?? []).map((rows): readonly [UniqueKey, ReadonlySet<string>] => [
    rows.columns.map((name) => ({ column: columns.indexOf(name), length: null })),
    new Set(rows.digests),
  ]);
  return known.length === 0 ? undefined : createKnownRows(new Map(known));
}
