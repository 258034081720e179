import { definitionDigest } from '../origin/database.ts';
import type { TargetConnection } from '../database/connection.ts';
import { quoteName } from '../database/sql-tokens.ts';
import type { MarkedTable } from './folder.ts';

/** Settings that decide what the files of tables look like. */
const SETTINGS = [
  'version',
  'version_compile_machine',
  'innodb_page_size',
  'innodb_default_row_format',
  'innodb_checksum_algorithm',
  'innodb_file_per_table',
  'innodb_encrypt_tables',
  'innodb_compression_default',
  'lower_case_table_names',
];

/** Files of tables are used by the server that made them, and by none that differs in these. Undefined for a server that is no MariaDB. */
export async function serverFacts(connection: TargetConnection): Promise<string | undefined> {
  const names = SETTINGS.map((name) => `@@${name}`).join(", ' ', ");
  const [row] = await connection.query(`SELECT CONCAT(${names}) AS facts`).catch(() => []);
  const facts = String(row?.['facts'] ?? '');
  return /^\S*MariaDB\S* /i.test(facts) ? facts : undefined;
}

/**
 * Those of the tables whose files can be exported and imported, as they are now. Left out are other engines and row formats, what is
 * encrypted or compressed, full-text and spatial keys, virtual columns (their keys do not survive an import), and tables of which
 * the server does not know when they were last written to. `connection` must be that of an administrator.
 */
export async function describeTables(connection: TargetConnection, names: readonly string[]): Promise<MarkedTable[]> {
  if (names.length === 0) return [];
  const list = names.map((name) => `'${name}'`).join(', ');
  const rows = await connection.query(
    `SELECT t.TABLE_NAME AS name, CAST(i.TABLE_ID AS CHAR) AS id, UNIX_TIMESTAMP(t.UPDATE_TIME) AS updated
     FROM information_schema.TABLES t JOIN information_schema.INNODB_SYS_TABLES i ON i.NAME = CONCAT(t.TABLE_SCHEMA, '/', t.TABLE_NAME)
     WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME IN (${list}) AND t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE = 'InnoDB'
       AND t.ROW_FORMAT = 'Dynamic' AND t.CREATE_OPTIONS = '' AND t.UPDATE_TIME IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS s
         WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_TYPE <> 'BTREE')
       AND NOT EXISTS (SELECT 1 FROM information_schema.COLUMNS c
         WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME AND c.EXTRA LIKE '%VIRTUAL%')`,
  );
  const tables: MarkedTable[] = [];
  for (const row of rows) {
    const name = String(row['name']);
    const [made] = await connection.query(`SHOW CREATE TABLE ${quoteName(name)}`);
    const definition = definitionDigest(String(made?.['Create Table']));
    tables.push({ name, id: String(row['id']), definition, updated: Number(row['updated']) });
  }
  return tables;
}
