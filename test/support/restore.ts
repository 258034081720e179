import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  Cells,
  Item,
  KeyedChanges,
  MetaChanges,
  RestoreChanges,
  TableChanges,
} from '../../src/restore/changes.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import { createWriteClient, type WriteClient, type WriteClientDeps } from '../../src/site/write/client.ts';
import { newWriteKeys, type WriteKey } from '../../src/site/write/signing.ts';
import type { Source } from './source/index.ts';

/** A key of a restore, made by code on the server: what making one after a log-in does, without the log-in. */
export async function restoreKey(
  source: Source,
  id = newRestoreId(randomBytes),
  include: readonly string[] = [],
): Promise<WriteKey> {
  const { privateKey, publicKey } = newWriteKeys();
  const own = 'Wpclone\\Migrator\\';
  await source.php(
    `foreach ( array( 'class-refusal', 'database', 'write/restores', 'write/key' ) as $part ) { require_once WP_PLUGIN_DIR . "/wpclone-migrator/includes/$part.php"; } $db = ${own}connect_database( 'utf8mb4' ); ${own}create_restores_table( $db ); ${own}keep_restore_key( $db, '${id}', '${publicKey}', '${include.join(',')}' );`,
  );
  return { restore: id, privateKey, clockOffset: 0 };
}

/** A client that writes, with short waits. */
export function writeClient(access: SourceAccess, key: WriteKey, deps: Partial<WriteClientDeps> = {}): WriteClient {
  return createWriteClient(access, key, {
    now: Date.now,
    sleep: (milliseconds, signal) => delay(Math.min(milliseconds, 50), undefined, signal ? { signal } : {}),
    randomBytes,
    retry: () => undefined,
    ...deps,
  });
}

/** Changes of a table with a key. */
export const keyed = (table: string, key: string, of: Partial<KeyedChanges>): KeyedChanges => ({
  kind: 'keyed',
  table,
  key: [key],
  updates: [],
  inserts: [],
  deletes: [],
  expects: [],
  ...of,
});
/** Changes of posts’ meta data. */
export const postMeta = (changes: MetaChanges['changes']): MetaChanges => ({
  kind: 'meta',
  table: 'wp_postmeta',
  id: 'meta_id',
  owner: 'post_id',
  name: 'meta_key',
  value: 'meta_value',
  changes,
});

/** Changes of one item, unless others are named. */
export function changesOf(
  tables: readonly TableChanges[],
  items: readonly Item[] = [{ id: 'post:1', title: 'Page "One"' }],
): RestoreChanges {
  return {
    items,
    tables,
    files: [],
    plugins: [],
    recounts: { terms: [], comments: [], statuses: [], rendered: [], rewriteRules: false },
    include: [],
  };
}

/** Rows of a table as changes have them: every value in its bytes. */
export async function rowsOf(source: Source, table: string, rest: string): Promise<Cells[]> {
  const names = await source.query(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
  );
  const fields = names.map(({ name }) => `CAST(\`${String(name)}\` AS BINARY) AS \`${String(name)}\``);
  const rows = await source.query(`SELECT ${fields.join(', ')} FROM \`${table}\` ${rest}`);
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('latin1') : null]),
    ),
  );
}

export async function rowOf(source: Source, table: string, where: string): Promise<Cells> {
  const [row] = await rowsOf(source, table, `WHERE ${where}`);
  if (row === undefined) throw new Error(`no row of ${table} where ${where}`);
  return row;
}

/** The value of an option; undefined where there is none. */
export const optionOf = async (source: Source, name: string): Promise<unknown> =>
  (await source.query(`SELECT option_value FROM wp_options WHERE option_name = '${name}'`))[0]?.['option_value'];

export const pick = (row: Cells, ...columns: string[]): Cells =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));

/** The definitions of a site's tables, by their names, without what they count. */
export async function definitionsOf(source: Source): Promise<Record<string, string>> {
  const names = (await source.query("SHOW TABLES LIKE 'wp\\_%'")).map((row) => String(Object.values(row)[0]));
  const found: [string, string][] = [];
  for (const name of names.filter((each) => !each.startsWith('wp_wpclone'))) {
    const [row] = await source.query(`SHOW CREATE TABLE \`${name}\``);
    found.push([name, String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '')]);
  }
  return Object.fromEntries(found);
}
